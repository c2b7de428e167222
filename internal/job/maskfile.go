package job

import "strings"

// MaskFile is a mask that the user gave for an object: a PNG with one 8-bit
// channel, in which 128 or more is the object, of the size of the image as
// displayed or smaller with the same shape. It is in the bucket of the photo.
type MaskFile struct {
	Key       string `json:"key"`
	VersionID string `json:"versionId,omitempty"` // of a versioned bucket
	ETag      string `json:"etag"`                // without quotes
	Bytes     int64  `json:"bytes"`
}

// maskSuffix is the suffix of every mask's key.
const maskSuffix = ".mask"

// belongsTo reports whether the key is one of a mask in the user's input folder.
func (f MaskFile) belongsTo(user string) bool {
	owner, name, err := cutUser(f.Key, "/input/")
	return err == nil && owner == user && name != maskSuffix && strings.HasSuffix(name, maskSuffix)
}
