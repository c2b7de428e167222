package job

// MaxMaskBytes limits the file of a mask that a user gives. A mask with soft
// edges of the largest picture takes a few hundred kilobytes.
const MaxMaskBytes = 4 << 20

// MaskContentType is the content type of masks.
const MaskContentType = "image/png"

// MaskFile is a mask that the user gave for an object: a PNG with one 8-bit
// channel, in which 128 or more is the object, of the size of the image as
// displayed or smaller with the same shape. It is in the bucket of the photo.
type MaskFile struct {
	Key       string `json:"key"`
	VersionID string `json:"versionId,omitempty"` // of a versioned bucket
	ETag      string `json:"etag"`                // without quotes
	Bytes     int64  `json:"bytes"`
}
