package job

import "slices"

// Format is a format of files made for an object.
type Format string

// The formats. [Always] are always made; the user chooses among the others.
const (
	FormatGLB      Format = "glb"
	FormatGLBDense Format = "glb-dense"
	FormatPLY      Format = "ply"
	FormatSplat    Format = "splat"
	FormatSPZ      Format = "spz"
	FormatPreview  Format = "preview"
	// FormatMask is the mask that the model used: a PNG with one 8-bit
	// channel of the size of the image as displayed, 255 in the object and 0
	// elsewhere. It can be given as the mask of another job ([MaskFile]).
	FormatMask Format = "mask"
)

// FormatInfo describes a format for every part that writes, serves or shows
// files of it.
type FormatInfo struct {
	Format Format `json:"format"`
	// FileName is the name in the object's folder of the data bucket. It
	// must not end in one of [ImageSuffixes].
	FileName string `json:"fileName"`
	// DownloadSuffix is appended to the name under which a browser saves
	// the file, as in cat-1-splat.ply.
	DownloadSuffix string `json:"downloadSuffix"`
	// MediaType is the media type. PLY has no registered one. A preview of
	// the relief backend, or of an earlier version, is a PNG, and is stored
	// as one.
	MediaType string `json:"mediaType"`
	// Title is the format's name, Content what the file contains, and Use
	// its purpose.
	Title   string `json:"title"`
	Content string `json:"content"`
	Use     string `json:"use"`
	// Choosable reports whether the format is made only on request.
	Choosable bool `json:"choosable"`
	// Default reports whether the format is made where the request names
	// none. It is false for a choosable format that holds what a default one
	// holds, and is as large.
	Default bool `json:"default"`
	// Side is the width and height in pixels of a square picture of fixed
	// size; 0 of anything else.
	Side int `json:"side,omitempty"`
}

// PreviewSide is the width and height of previews in pixels. A card of a list
// shows them at up to 156 CSS pixels, most often 129: that is 258 on a dense
// screen.
const PreviewSide = 256

// formats is the table of formats, in display order. The OpenAPI document, the
// page and the worker have copies; tests compare them with
// testdata/formats.json, which is written from this table.
var formats = []FormatInfo{
	{
		Format: FormatGLB, FileName: "mesh.glb", DownloadSuffix: ".glb", MediaType: "model/gltf-binary",
		Title: "GLB", Content: "lightweight, textured mesh", Use: "glTF 2.0 binary, for viewers, games and the web",
		Choosable: true, Default: true,
	},
	{
		Format: FormatGLBDense, FileName: "mesh-dense.glb", DownloadSuffix: "-dense.glb", MediaType: "model/gltf-binary",
		Title: "Dense GLB", Content: "mesh in full detail", Use: "glTF 2.0 binary with colored vertices, as the PLY", Choosable: true,
	},
	{
		Format: FormatPLY, FileName: "mesh.ply", DownloadSuffix: ".ply", MediaType: "application/octet-stream",
		Title: "PLY", Content: "mesh in full detail", Use: "with colored vertices, for Blender, MeshLab and printing",
		Choosable: true, Default: true,
	},
	{
		Format: FormatSplat, FileName: "splat.ply", DownloadSuffix: "-splat.ply", MediaType: "application/octet-stream",
		Title: "Splat", Content: "Gaussian splat", Use: "as PLY with the fields of 3D Gaussian Splatting",
		Choosable: true, Default: true,
	},
	{
		Format: FormatSPZ, FileName: "splat.spz", DownloadSuffix: ".spz", MediaType: "application/octet-stream",
		Title: "SPZ", Content: "Gaussian splat", Use: "the same splat, compressed for viewers and the web",
		Choosable: true, Default: true,
	},
	{
		Format: FormatPreview, FileName: "preview", DownloadSuffix: "-preview.webp", MediaType: "image/webp",
		Title: "Preview", Content: "small picture of the mesh", Use: "for lists and while the mesh loads", Default: true,
		Side: PreviewSide,
	},
	{
		Format: FormatMask, FileName: "mask", DownloadSuffix: "-mask.png", MediaType: "image/png",
		Title: "Mask", Content: "part of the photo that is the object", Use: "to see what the model has used, and to give it again", Default: true,
	},
}

// Formats returns the table of formats.
func Formats() []FormatInfo { return slices.Clone(formats) }

// AllFormats are the formats that a user can choose. DefaultFormats are those
// of them that are made where the user chooses none. Always are made of every
// object, whatever the user chooses.
var (
	AllFormats     = selected(func(info FormatInfo) bool { return info.Choosable })
	DefaultFormats = selected(func(info FormatInfo) bool { return info.Choosable && info.Default })
	Always         = selected(func(info FormatInfo) bool { return !info.Choosable })
)

func selected(is func(FormatInfo) bool) []Format {
	var chosen []Format
	for _, info := range formats {
		if is(info) {
			chosen = append(chosen, info.Format)
		}
	}
	return chosen
}

// Made returns the formats that are made of an object for which the user has
// chosen some.
func Made(chosen []Format) []Format { return slices.Concat(chosen, Always) }

// Info returns the description of the format. ok is false for an unknown
// format.
func (f Format) Info() (info FormatInfo, ok bool) {
	i := slices.IndexFunc(formats, func(info FormatInfo) bool { return info.Format == f })
	if i < 0 {
		return FormatInfo{}, false
	}
	return formats[i], true
}
