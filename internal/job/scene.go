package job

import (
	"slices"
	"time"
)

// Scene is scene.json: the outcome of putting the objects of a job in their
// places in the photo. Notify writes it once, with If-None-Match: *, after the
// scene's files and before the job's mails. A job has one if at least two of its
// objects were made and a format of [SceneFiles] was requested.
type Scene struct {
	Version int `json:"version"`
	// Status is succeeded if every requested file was made.
	Status Status `json:"status"`
	// Error is why a file was not made. The job is not affected.
	Error *Failure    `json:"error,omitempty"`
	Files []SceneFile `json:"files"`
	// Objects are the numbers of the objects in the scene, and Unplaced those
	// of objects that were made but have no pose.
	Objects  []int     `json:"objects"`
	Unplaced []int     `json:"unplaced,omitempty"`
	MadeAt   time.Time `json:"madeAt"`
}

// SceneFile is a file of a scene.
type SceneFile struct {
	Format Format `json:"format"` // of the objects' files that it combines
	Bytes  int64  `json:"bytes"`
}

// SceneFileInfo describes a file of scenes.
type SceneFileInfo struct {
	// Format is the format of the objects' files that the file combines. Its
	// media type and contents are the same.
	Format Format
	// FileName is the name in the job's folder of the data bucket.
	FileName string
	// DownloadSuffix is appended to the name under which a browser saves the
	// file, as in cat-scene.glb.
	DownloadSuffix string
}

// sceneFiles is the table of a scene's files, in display order.
var sceneFiles = []SceneFileInfo{
	{Format: FormatGLB, FileName: "scene.glb", DownloadSuffix: "-scene.glb"},
	{Format: FormatSplat, FileName: "scene.ply", DownloadSuffix: "-scene-splat.ply"},
}

// SceneFiles returns the table of a scene's files.
func SceneFiles() []SceneFileInfo { return slices.Clone(sceneFiles) }

// SceneFile returns the description of the scene's file that combines the
// objects' files of a format. ok is false if there is none.
func (f Format) SceneFile() (info SceneFileInfo, ok bool) {
	i := slices.IndexFunc(sceneFiles, func(info SceneFileInfo) bool { return info.Format == f })
	if i < 0 {
		return SceneFileInfo{}, false
	}
	return sceneFiles[i], true
}

// SceneObjects is the number of objects that a scene needs.
const SceneObjects = 2

// SceneFormats returns the formats of the files that the scene of a finished job
// is to have. There are none, and no scene, if fewer than [SceneObjects] were made
// or no format of [SceneFiles] was requested.
func SceneFormats(m *Manifest, results map[int]*Result) (formats []Format) {
	succeeded := 0
	for _, r := range results {
		if r != nil && r.Status == StatusSucceeded {
			succeeded++
		}
	}
	if succeeded < SceneObjects {
		return nil
	}
	for _, info := range sceneFiles {
		if slices.Contains(m.Options.Formats, info.Format) {
			formats = append(formats, info.Format)
		}
	}
	return formats
}
