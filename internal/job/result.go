package job

import "time"

// Queued is n.queued.json: it records that the endpoint has accepted the
// request for object n. Extract writes it right after the call, so that a
// repeat of the photo's event does not make the request again.
type Queued struct {
	Version     int       `json:"version"`
	Index       int       `json:"index"`
	InferenceID string    `json:"inferenceId"`
	QueuedAt    time.Time `json:"queuedAt"`
}

// Stage is a step of an object's reconstruction.
type Stage string

// The stages, in order.
const (
	StageFetch       Stage = "fetch"       // reading the photo
	StageMask        Stage = "mask"        // segmenting the object in its box
	StageReconstruct Stage = "reconstruct" // running the backend
	StageExport      Stage = "export"      // writing the files
)

// Progress is n.started.json: the stage in which the model server is processing
// object n. Each stage replaces the previous one.
type Progress struct {
	Version   int       `json:"version"`
	Index     int       `json:"index"`
	Stage     Stage     `json:"stage"`
	Backend   Backend   `json:"backend"`
	StartedAt time.Time `json:"startedAt"`
	StageAt   time.Time `json:"stageAt"`
}

// Backend is the program that made a mesh. Every result, mail and page names
// it, because the quality of the meshes differs.
type Backend string

// The backends.
const (
	BackendSAM3D  Backend = "sam3d"  // Meta's SAM 3D Objects on a GPU
	BackendRelief Backend = "relief" // an inflated silhouette, computed on the CPU
)

// Status is the outcome of an object.
type Status string

// The statuses.
const (
	StatusSucceeded Status = "succeeded"
	StatusFailed    Status = "failed"
)

// Result is n.result.json, the outcome of object n. It is written last, with
// If-None-Match: *, so the first outcome is final. Its creation runs Notify.
type Result struct {
	Version    int              `json:"version"`
	Index      int              `json:"index"`
	Status     Status           `json:"status"`
	Error      *Failure         `json:"error,omitempty"` // set if Status is failed
	Files      []File           `json:"files"`
	Mesh       *MeshStats       `json:"mesh,omitempty"`
	Mask       *MaskUse         `json:"mask,omitempty"`
	Pose       *Pose            `json:"pose,omitempty"`
	Timing     map[string]int64 `json:"timing,omitempty"` // milliseconds by [Stage], and "total"
	Backend    Backend          `json:"backend,omitempty"`
	Cost       *Cost            `json:"cost,omitempty"`
	FinishedAt time.Time        `json:"finishedAt"`
}

// File is a file of an object.
type File struct {
	Format Format `json:"format"`
	Key    string `json:"key"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // hexadecimal
}

// MeshStats describe the mesh in its own coordinate system: +Y up,
// right-handed, with a longest side of 1.
type MeshStats struct {
	Vertices int           `json:"vertices"`
	Faces    int           `json:"faces"`
	Bounds   [2][3]float64 `json:"bounds"` // minimum and maximum x, y, z
}

// Pose is the place of the mesh of a file in the space of the photo's camera: a
// point of the mesh is scaled, then rotated, then translated. The space is that
// of SAM 3D Objects, PyTorch3D's: the camera is at the origin, +X is left and +Y
// up as the photo shows them, and +Z points away from the camera. All objects of
// a photo share the unit of length, which is the backend's own.
// https://pytorch3d.org/docs/cameras
type Pose struct {
	Rotation    [4]float64 `json:"rotation"` // unit quaternion w, x, y, z
	Translation [3]float64 `json:"translation"`
	Scale       [3]float64 `json:"scale"`
	// Camera is the photo's camera, or nil if the backend does not know it.
	Camera *Camera `json:"camera,omitempty"`
}

// Camera is the projection of a photo's camera, whose center is the photo's. One
// of the fields is set. The width of the view follows from the photo's shape.
type Camera struct {
	// YFov is the angle of the view's height in radians, of a perspective
	// camera.
	YFov float64 `json:"yfov,omitempty"`
	// YMag is half of the view's height in the unit of the poses, of an
	// orthographic camera.
	YMag float64 `json:"ymag,omitempty"`
}

// Cost is an estimate of the object's share of the instance's list price.
type Cost struct {
	USD          float64 `json:"usd"`
	Seconds      float64 `json:"seconds"`
	InstanceType string  `json:"instanceType"`
}

// FailedResult returns the result of object n with a failure.
func FailedResult(n int, failure Failure, at time.Time) Result {
	return Result{
		Version: Version, Index: n, Status: StatusFailed, Error: &failure,
		Files: []File{}, FinishedAt: at.UTC(),
	}
}
