package job

import "slices"

// Format is a format of files made for an object.
type Format string

// The formats. A preview is always made; the user chooses among the others.
const (
	FormatGLB     Format = "glb"
	FormatPLY     Format = "ply"
	FormatSplat   Format = "splat"
	FormatSPZ     Format = "spz"
	FormatPreview Format = "preview"
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
	// MediaType is the media type. PLY has no registered one.
	MediaType string `json:"mediaType"`
	// Title is the format's name, Content what the file contains, and Use
	// its purpose.
	Title   string `json:"title"`
	Content string `json:"content"`
	Use     string `json:"use"`
	// Choosable reports whether the format is made only on request. By
	// default all formats are requested.
	Choosable bool `json:"choosable"`
}

// formats is the table of formats, in display order. The OpenAPI document, the
// page and the worker have copies; tests compare them with
// testdata/formats.json, which is written from this table.
var formats = []FormatInfo{
	{
		Format: FormatGLB, FileName: "mesh.glb", DownloadSuffix: ".glb", MediaType: "model/gltf-binary",
		Title: "GLB", Content: "mesh", Use: "glTF 2.0 binary, for viewers, games and the web", Choosable: true,
	},
	{
		Format: FormatPLY, FileName: "mesh.ply", DownloadSuffix: ".ply", MediaType: "application/octet-stream",
		Title: "PLY", Content: "mesh", Use: "the same mesh, for Blender, MeshLab and printing", Choosable: true,
	},
	{
		Format: FormatSplat, FileName: "splat.ply", DownloadSuffix: "-splat.ply", MediaType: "application/octet-stream",
		Title: "Splat", Content: "Gaussian splat", Use: "as PLY with the fields of 3D Gaussian Splatting", Choosable: true,
	},
	{
		Format: FormatSPZ, FileName: "splat.spz", DownloadSuffix: ".spz", MediaType: "application/octet-stream",
		Title: "SPZ", Content: "Gaussian splat", Use: "the same splat, compressed for viewers and the web", Choosable: true,
	},
	{
		Format: FormatPreview, FileName: "preview", DownloadSuffix: "-preview.png", MediaType: "image/png",
		Title: "Preview", Content: "picture of the mesh", Use: "for lists and while the mesh loads",
	},
}

// Formats returns the table of formats.
func Formats() []FormatInfo { return slices.Clone(formats) }

// AllFormats are the formats that a user can choose, which are also the
// default.
var AllFormats = choosable()

func choosable() []Format {
	var all []Format
	for _, info := range formats {
		if info.Choosable {
			all = append(all, info.Format)
		}
	}
	return all
}

// Info returns the description of the format. ok is false for an unknown
// format.
func (f Format) Info() (info FormatInfo, ok bool) {
	i := slices.IndexFunc(formats, func(info FormatInfo) bool { return info.Format == f })
	if i < 0 {
		return FormatInfo{}, false
	}
	return formats[i], true
}
