package job

import "time"

// Queued is n.queued.json: Extract's note that the endpoint has accepted the
// request for object n, written right after the call. It keeps a repeat of the
// photo's event from asking again.
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
	StageFetch       Stage = "fetch"       // the photo is read
	StageMask        Stage = "mask"        // the object is found in its box
	StageReconstruct Stage = "reconstruct" // the backend runs
	StageExport      Stage = "export"      // files are written
)

// Progress is n.started.json: what the model server is doing for object n. Each
// stage replaces the one before.
type Progress struct {
	Version   int       `json:"version"`
	Index     int       `json:"index"`
	Stage     Stage     `json:"stage"`
	Backend   Backend   `json:"backend"`
	StartedAt time.Time `json:"startedAt"`
	StageAt   time.Time `json:"stageAt"`
}

// Backend names the program that made a mesh. It stands in every result, mail
// and page, so that nobody takes one for the other.
type Backend string

// The backends.
const (
	BackendSAM3D  Backend = "sam3d"  // Meta's SAM 3D Objects on a GPU
	BackendRelief Backend = "relief" // an inflated silhouette, made on the CPU
)

// Status is how an object ended.
type Status string

// The ends.
const (
	StatusSucceeded Status = "succeeded"
	StatusFailed    Status = "failed"
)

// Result is n.result.json, the outcome of object n. It is written last, with
// If-None-Match: *, so the first outcome stands; its creation is the event that
// runs Notify.
type Result struct {
	Version    int              `json:"version"`
	Index      int              `json:"index"`
	Status     Status           `json:"status"`
	Error      *Failure         `json:"error,omitempty"` // where Status is failed
	Files      []File           `json:"files"`
	Mesh       *MeshStats       `json:"mesh,omitempty"`
	Pose       *Pose            `json:"pose,omitempty"`
	Timing     map[string]int64 `json:"timing,omitempty"` // milliseconds by [Stage], and "total"
	Backend    Backend          `json:"backend,omitempty"`
	Cost       *Cost            `json:"cost,omitempty"`
	FinishedAt time.Time        `json:"finishedAt"`
}

// File is one file made of an object.
type File struct {
	Format Format `json:"format"`
	Key    string `json:"key"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // hexadecimal
}

// MeshStats describe the mesh in its own units: +Y up, right-handed, the
// longest side 1.
type MeshStats struct {
	Vertices int           `json:"vertices"`
	Faces    int           `json:"faces"`
	Bounds   [2][3]float64 `json:"bounds"` // least and greatest x, y, z
}

// Pose places the mesh in the scene of the photo, as SAM 3D Objects gives it.
type Pose struct {
	Rotation    [4]float64 `json:"rotation"` // unit quaternion w, x, y, z
	Translation [3]float64 `json:"translation"`
	Scale       [3]float64 `json:"scale"`
}

// Cost estimates what the object's time on the instance costs at list price.
type Cost struct {
	USD          float64 `json:"usd"`
	Seconds      float64 `json:"seconds"`
	InstanceType string  `json:"instanceType"`
}

// FailedResult is the outcome of object n that could not be made.
func FailedResult(n int, failure Failure, at time.Time) Result {
	return Result{
		Version: Version, Index: n, Status: StatusFailed, Error: &failure,
		Files: []File{}, FinishedAt: at.UTC(),
	}
}
