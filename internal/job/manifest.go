package job

import (
	"encoding/json"
	"fmt"
	"time"
)

// Version is the version of every document that this package describes.
const Version = 1

// Upload is upload.json: the upload that the API has announced for a user's
// photo. It makes a job visible before its photo is uploaded.
type Upload struct {
	Version     int         `json:"version"`
	JobID       ID          `json:"jobId"`
	UserID      string      `json:"userId"`
	CreatedAt   time.Time   `json:"createdAt"`
	ExpiresAt   time.Time   `json:"expiresAt"` // of the presigned POST
	Key         string      `json:"key"`       // the key to which the photo is uploaded
	Name        string      `json:"name"`      // the user's name of the file
	ContentType string      `json:"contentType"`
	Bytes       int64       `json:"bytes"`
	Objects     []Selection `json:"objects"`
	Options     Options     `json:"options"`
	// From is the photo that is copied to Key, or nil if the user uploads
	// one.
	From *Origin `json:"from,omitempty"`
}

// Origin is the photo of an earlier job, of which a new job is made.
type Origin struct {
	JobID     ID     `json:"jobId"`
	Key       string `json:"key"`
	VersionID string `json:"versionId,omitempty"` // of a versioned bucket
}

// Manifest is job.json: what a job has to do. Extract writes it once, with
// If-None-Match: *, and it is the body of every request to the model server.
type Manifest struct {
	Version   int       `json:"version"`
	JobID     ID        `json:"jobId"`
	UserID    string    `json:"userId"`
	CreatedAt time.Time `json:"createdAt"`
	Source    Source    `json:"source"`
	Objects   []Object  `json:"objects"`
	Options   Options   `json:"options"`
	// Refused is why no object of the photo can be made, or nil for a valid
	// photo. If it is set, Extract queues nothing, and every object's
	// result has this failure.
	Refused *Failure `json:"refused,omitempty"`
}

// Source is the photo.
type Source struct {
	Bucket    string `json:"bucket"`
	Key       string `json:"key"`
	VersionID string `json:"versionId,omitempty"` // of a versioned bucket
	ETag      string `json:"etag"`                // without quotes
	Bytes     int64  `json:"bytes"`
	// Width and Height of the image as displayed, in pixels. They are 0 for
	// a photo that was refused before its size was known.
	Width  int `json:"width"`
	Height int `json:"height"`
	// Orientation is the photo's EXIF orientation, 1 to 8, which maps the
	// stored pixels to the image as displayed.
	Orientation int    `json:"orientation"`
	ContentType string `json:"contentType"`
	Name        string `json:"name"`
}

// Object is an object in the photo that becomes a mesh.
type Object struct {
	Index int    `json:"index"` // its number, from 1
	Label string `json:"label,omitempty"`
	Box   *Box   `json:"box"`
	// Points inside and outside the object, at most [MaxPoints].
	Points []Point `json:"points,omitempty"`
	// Mask is the mask that the user gave, or nil. The model uses it
	// unchanged, without the points, the box and the alpha channel. In a
	// refused manifest it may be one that cannot be used.
	Mask        *MaskFile `json:"mask,omitempty"`
	InferenceID string    `json:"inferenceId"`
}

// NewManifest returns a manifest whose objects are the selections, numbered and
// with their inference IDs, without their masks. An empty list of selections
// becomes one object without a box.
func NewManifest(ref Ref, created time.Time, source Source, selections []Selection, options Options) Manifest {
	if len(selections) == 0 {
		selections = []Selection{{}}
	}
	objects := make([]Object, len(selections))
	for i, s := range selections {
		objects[i] = Object{Index: i + 1, Label: s.Label, Box: s.Box, Points: s.Points, InferenceID: ref.InferenceID(i + 1)}
	}
	return Manifest{
		Version: Version, JobID: ref.Job, UserID: ref.User, CreatedAt: created.UTC(),
		Source: source, Objects: objects, Options: options,
	}
}

// Ref returns the job that the manifest describes.
func (m *Manifest) Ref() Ref { return Ref{User: m.UserID, Job: m.JobID} }

// Object returns object n.
func (m *Manifest) Object(n int) (Object, error) {
	if n < 1 || n > len(m.Objects) {
		return Object{}, fmt.Errorf("the manifest of job %s has objects 1 to %d, not %d", m.JobID, len(m.Objects), n)
	}
	return m.Objects[n-1], nil
}

// HasPicture reports whether the photo is a picture, as far as is known. It is not
// if it was refused for that, or before that was known, such as a file of too many
// bytes. A photo that Sweep gave up before Extract inspected it counts as one.
func (m *Manifest) HasPicture() bool {
	if m.Refused == nil || m.Refused.Code == CodeAbandoned {
		return true
	}
	return m.Source.Width > 0 && m.Refused.Code != CodeNotAnImage // one is damaged after its header
}

// ParseManifest parses a manifest and checks what readers rely on: the version,
// the IDs, a photo and masks in the user's own input folder, and objects numbered
// from 1.
func ParseManifest(data []byte) (*Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	if m.Version != Version {
		return nil, fmt.Errorf("the manifest has version %d; this program reads version %d", m.Version, Version)
	}
	if _, err := ParseID(string(m.JobID)); err != nil {
		return nil, fmt.Errorf("the manifest's jobId: %w", err)
	}
	if photo, err := ParsePhotoKey(m.Source.Key); err != nil || photo.User != m.UserID {
		return nil, fmt.Errorf("the manifest's photo %q is not in the input folder of its user %q", m.Source.Key, m.UserID)
	}
	if m.Source.Bucket == "" || len(m.Objects) == 0 || len(m.Objects) > maxNumber {
		return nil, fmt.Errorf("the manifest names no bucket, or it has %d objects", len(m.Objects))
	}
	for i, o := range m.Objects {
		if o.Index != i+1 {
			return nil, fmt.Errorf("the manifest's object %d has index %d", i+1, o.Index)
		}
		if o.Mask == nil {
			continue
		}
		if mask, err := ParseMaskKey(o.Mask.Key); err != nil || mask.User != m.UserID || mask.Number != o.Index {
			return nil, fmt.Errorf("the manifest's mask %q is not one of object %d of its user %q", o.Mask.Key, o.Index, m.UserID)
		}
	}
	return &m, nil
}
