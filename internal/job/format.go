package job

import "slices"

// Format is a kind of file made of an object.
type Format string

// The formats. A preview is always made; the others are for the user to choose.
const (
	FormatGLB     Format = "glb"
	FormatPLY     Format = "ply"
	FormatSplat   Format = "splat"
	FormatPreview Format = "preview"
)

// FormatInfo describes a format for every part that writes, serves or shows
// files of it.
type FormatInfo struct {
	Format Format `json:"format"`
	// FileName of the file in the object's folder of the data bucket. Names in a
	// bucket must not end in one of [ImageSuffixes].
	FileName string `json:"fileName"`
	// DownloadSuffix follows the name of the photo and object in the name that a
	// browser saves the file under, as in cat-1-splat.ply.
	DownloadSuffix string `json:"downloadSuffix"`
	// MediaType of the file. PLY has no registered one.
	MediaType string `json:"mediaType"`
	// Title names the format, Content what is in the file, Use what it is for.
	Title   string `json:"title"`
	Content string `json:"content"`
	Use     string `json:"use"`
	// Choosable formats are made where the user asks for them, all by default.
	Choosable bool `json:"choosable"`
}

// formats is the one table of them, in the order in which they are shown. The
// openapi document, the page and the worker have copies; tests hold them equal
// to testdata/formats.json, which is written from this table.
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
		Format: FormatPreview, FileName: "preview", DownloadSuffix: "-preview.png", MediaType: "image/png",
		Title: "Preview", Content: "picture of the mesh", Use: "for lists and while the mesh loads",
	},
}

// Formats returns the table of formats.
func Formats() []FormatInfo { return slices.Clone(formats) }

// AllFormats are those a user can choose from, all of them by default.
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

// Info describes the format. ok is false for a name that is no format.
func (f Format) Info() (info FormatInfo, ok bool) {
	i := slices.IndexFunc(formats, func(info FormatInfo) bool { return info.Format == f })
	if i < 0 {
		return FormatInfo{}, false
	}
	return formats[i], true
}
