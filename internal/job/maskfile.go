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

// CheckMaskBytes checks the size of a mask's file. The failure is for
// [RefusedMask].
func CheckMaskBytes(bytes int64) *Failure {
	switch {
	case bytes <= 0:
		return Invalid(CodeBadMask, "it is an empty file")
	case bytes > MaxMaskBytes:
		size, limit := overBytes(bytes, MaxMaskBytes)
		return Invalid(CodeBadMask, "it has %s; the limit is %s", size, limit)
	}
	return nil
}

// RefusedMask returns the failure of a job whose mask of object n cannot be used.
// The message of reason is the rest of the sentence, without a full stop.
func RefusedMask(n int, reason *Failure) *Failure {
	return Invalid(reason.Code, "The mask of object %d cannot be used: %s.", n, reason.Message)
}
