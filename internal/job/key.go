package job

import (
	"strconv"
	"strings"
)

// Prefixes of the data bucket. The only others are those of [TimesKey] and
// public/, which holds the page.
const (
	UsersPrefix   = "users/"
	PendingPrefix = "pending/"
)

// TimesKey is the key of the [Times].
const TimesKey = "model/times.json"

// Names of a job's documents and files, relative to its output folder or to an
// object's folder in it. None ends in an image suffix: a key under users/ with
// such a suffix starts a job.
const (
	uploadName     = "upload.json"
	manifestName   = "job.json"
	noticeName     = "notified.json"
	sceneName      = "scene.json"
	thumbnailName  = "photo"
	claimsName     = "claims.json"
	queuedSuffix   = ".queued.json"
	progressSuffix = ".started.json"
	maskSuffix     = ".mask"

	// ResultSuffix is the suffix of every result document's key. The
	// bucket's notification for Notify filters by it.
	ResultSuffix = ".result.json"
)

// ImageSuffixes are the key suffixes that start a job. S3 compares them
// case-sensitively.
var ImageSuffixes = []string{".png", ".jpg", ".jpeg", ".webp"}

// maxUser limits a user ID, in bytes.
const maxUser = 128

// ValidUser reports whether s can be a user ID: a Cognito sub, or the name of a
// tester's folder. It consists of ASCII letters and digits and, after the first
// character, also - and _. A regular expression would take half a millisecond
// to compile at each start of a function.
func ValidUser(s string) bool {
	for i, c := range []byte(s) {
		alpha := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !alpha && (c < '0' || c > '9') && (i == 0 || c != '-' && c != '_') {
			return false
		}
	}
	return s != "" && len(s) <= maxUser
}

// Ref identifies a job of a user and builds the keys that belong to it.
type Ref struct {
	User string
	Job  ID
}

// PhotoKey is the key to which the API lets the user upload the photo. ext
// includes the dot.
func (r Ref) PhotoKey(name, ext string) string {
	return r.InputPrefix() + name + ext
}

// InputPrefix is the prefix of the photo of a job created through the API.
func (r Ref) InputPrefix() string {
	return UsersPrefix + r.User + "/input/" + string(r.Job) + "/"
}

// MaskKey is the key of the mask that the user gives for object n, there before
// the photo: {n}.mask in the folder of the photo of a job created through the
// API, and {photo}.{n}.mask beside a photo that is copied in directly.
func (r Ref) MaskKey(photoKey string, n int) string {
	if strings.HasPrefix(photoKey, r.InputPrefix()) {
		return r.InputPrefix() + strconv.Itoa(n) + maskSuffix
	}
	return photoKey + "." + strconv.Itoa(n) + maskSuffix
}

// UsedMaskKey is the key of the mask that the model used for object n, whether
// the user gave it or the model found it.
func (r Ref) UsedMaskKey(n int) string { return r.FileKey(n, FormatMask) }

// OutputPrefix is the prefix of everything that the job writes.
func (r Ref) OutputPrefix() string { return OutputPrefix(r.User) + string(r.Job) + "/" }

// OutputPrefix is the prefix of the output folders of a user's jobs, which S3
// lists newest first.
func OutputPrefix(user string) string { return UsersPrefix + user + "/output/" }

// PendingUserPrefix is the prefix of the markers of a user's unfinished jobs
// and of the user's [Claims].
func PendingUserPrefix(user string) string { return PendingPrefix + user + "/" }

// ClaimsKey is the key of a user's [Claims]. It is not a valid key of a marker.
func ClaimsKey(user string) string { return PendingUserPrefix(user) + claimsName }

// UploadKey is the key of the [Upload].
func (r Ref) UploadKey() string { return r.OutputPrefix() + uploadName }

// ManifestKey is the key of the [Manifest].
func (r Ref) ManifestKey() string { return r.OutputPrefix() + manifestName }

// NoticeKey is the key of the [Notice].
func (r Ref) NoticeKey() string { return r.OutputPrefix() + noticeName }

// SceneKey is the key of the [Scene].
func (r Ref) SceneKey() string { return r.OutputPrefix() + sceneName }

// ThumbnailKey is the key of a small JPEG of the photo, for lists of jobs. The
// model server writes it with the first object; a job may have none.
func (r Ref) ThumbnailKey() string { return r.OutputPrefix() + thumbnailName }

// SceneFileKey is the key of the scene's file that combines the objects' files
// of a format. It panics for a format that is not in [SceneFiles].
func (r Ref) SceneFileKey(format Format) string {
	info, ok := format.SceneFile()
	if !ok {
		panic("job: the key of a scene's file of the format " + string(format))
	}
	return r.OutputPrefix() + info.FileName
}

// PendingKey is the key of the marker that exists while the job is unfinished.
func (r Ref) PendingKey() string { return PendingUserPrefix(r.User) + string(r.Job) }

// QueuedKey is the key of object n's [Queued].
func (r Ref) QueuedKey(n int) string { return r.OutputPrefix() + strconv.Itoa(n) + queuedSuffix }

// ProgressKey is the key of object n's [Progress].
func (r Ref) ProgressKey(n int) string { return r.OutputPrefix() + strconv.Itoa(n) + progressSuffix }

// ResultKey is the key of object n's [Result].
func (r Ref) ResultKey(n int) string { return r.OutputPrefix() + strconv.Itoa(n) + ResultSuffix }

// FileKey is the key of object n's file of a format. It panics for an unknown
// format; [Options.Normalize] checks formats from outside.
func (r Ref) FileKey(n int, format Format) string {
	info, ok := format.Info()
	if !ok {
		panic("job: the key of a file of no format: " + string(format))
	}
	return r.OutputPrefix() + strconv.Itoa(n) + "/" + info.FileName
}

// InferenceID identifies object n's request to the endpoint. It is at most 64
// characters long, the limit of InvokeEndpointAsync.
func (r Ref) InferenceID(n int) string { return string(r.Job) + "-" + strconv.Itoa(n) }

// CustomAttributes returns the header X-Amzn-SageMaker-Custom-Attributes, from
// which the model server reads the object of the manifest that a request is
// for.
func CustomAttributes(n int) string { return "object=" + strconv.Itoa(n) }
