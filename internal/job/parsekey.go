package job

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// ParseInferenceID returns the job and the object's number in an inference ID.
func ParseInferenceID(s string) (ID, int, error) {
	head, tail, ok := strings.Cut(s, "-")
	if !ok {
		return "", 0, fmt.Errorf("inference id %q has no object number", s)
	}
	id, err := ParseID(head)
	if err != nil {
		return "", 0, fmt.Errorf("inference id %q: %w", s, err)
	}
	n, err := parseNumber(tail)
	if err != nil {
		return "", 0, fmt.Errorf("inference id %q: %w", s, err)
	}
	return id, n, nil
}

// ParseCustomAttributes returns the object's number in custom attributes.
func ParseCustomAttributes(s string) (int, error) {
	value, ok := strings.CutPrefix(s, "object=")
	if !ok {
		return 0, fmt.Errorf("custom attributes %q are not object=n", s)
	}
	return parseNumber(value)
}

// ErrNotOurs is returned for a key that is not of the requested kind.
var ErrNotOurs = errors.New("the key does not belong to this part of the bucket")

// PhotoKey is a parsed key of a photo.
type PhotoKey struct {
	User string
	Job  ID     // empty for a photo copied straight into the bucket
	Name string // the file's name with its extension
}

// ParsePhotoKey parses a decoded key under users/{userId}/input/. A photo in a
// subfolder that is not a job ID counts as copied in directly. The error wraps
// [ErrNotOurs] for a key elsewhere or without an image suffix.
func ParsePhotoKey(key string) (PhotoKey, error) {
	user, rest, err := cutUser(key, "/input/")
	if err != nil {
		return PhotoKey{}, err
	}
	name := path.Base(rest)
	if rest == "" || strings.HasSuffix(rest, "/") || !hasImageSuffix(name) {
		return PhotoKey{}, fmt.Errorf("%q is not a photo: %w", key, ErrNotOurs)
	}
	photo := PhotoKey{User: user, Name: name}
	if folder, _, ok := strings.Cut(rest, "/"); ok && folder+"/"+name == rest {
		if id, err := ParseID(folder); err == nil {
			photo.Job = id
		}
	}
	return photo, nil
}

// MaskKey is a parsed key of a mask that a user gives.
type MaskKey struct {
	User   string
	Job    ID     // of a job created through the API, or empty
	Photo  string // the key of a photo that is copied in directly, or empty
	Number int    // the object
}

// ParseMaskKey parses a decoded key of the forms of [Ref.MaskKey]. The error
// wraps [ErrNotOurs] for any other key.
func ParseMaskKey(key string) (MaskKey, error) {
	wrong := fmt.Errorf("%q is not a mask: %w", key, ErrNotOurs)
	user, rest, err := cutUser(key, "/input/")
	if err != nil {
		return MaskKey{}, err
	}
	stem, ok := strings.CutSuffix(rest, maskSuffix)
	cut := strings.LastIndexAny(stem, "/.")
	if !ok || cut < 0 {
		return MaskKey{}, wrong
	}
	n, err := parseNumber(stem[cut+1:])
	if err != nil {
		return MaskKey{}, wrong
	}
	mask := MaskKey{User: user, Number: n}
	if stem[cut] == '/' {
		if mask.Job, err = ParseID(stem[:cut]); err != nil {
			return MaskKey{}, wrong
		}
		return mask, nil
	}
	mask.Photo = key[:len(key)-len(rest)+cut]
	if _, err := ParsePhotoKey(mask.Photo); err != nil {
		return MaskKey{}, wrong
	}
	return mask, nil
}

// Versioned reports whether jobs refer to a version of the object under a key, so
// that a store must keep replaced ones: photos and masks.
func Versioned(key string) bool {
	_, photo := ParsePhotoKey(key)
	_, mask := ParseMaskKey(key)
	return photo == nil || mask == nil
}

// OutputKey is a parsed key under an output folder. Number is the object that a
// document or file belongs to, or 0 for the job's own documents.
type OutputKey struct {
	Ref
	Kind   OutputKind
	Number int
	File   string // for KindFile and KindSceneFile: its name, such as mesh.glb
}

// OutputKind is the kind of a job's document or file.
type OutputKind int

// The kinds of keys under an output folder.
const (
	KindOther OutputKind = iota
	KindUpload
	KindManifest
	KindProgress
	KindResult
	KindFile
	KindNotice
	KindQueued
	KindScene
	KindSceneFile
	KindThumbnail
)

// ParseOutputKey parses a decoded key under users/{userId}/output/{jobId}/. The
// kind of a name that Gen3D does not write is KindOther; it is not an error.
func ParseOutputKey(key string) (OutputKey, error) {
	user, rest, err := cutUser(key, "/output/")
	if err != nil {
		return OutputKey{}, err
	}
	folder, name, ok := strings.Cut(rest, "/")
	id, err := ParseID(folder)
	if !ok || name == "" || err != nil {
		return OutputKey{}, fmt.Errorf("%q is in no job's output folder: %w", key, ErrNotOurs)
	}
	out := OutputKey{Ref: Ref{User: user, Job: id}}
	switch name {
	case uploadName:
		out.Kind = KindUpload
	case manifestName:
		out.Kind = KindManifest
	case noticeName:
		out.Kind = KindNotice
	case sceneName:
		out.Kind = KindScene
	case thumbnailName:
		out.Kind = KindThumbnail
	default:
		if slices.ContainsFunc(sceneFiles, func(info SceneFileInfo) bool { return info.FileName == name }) {
			out.Kind, out.File = KindSceneFile, name
			break
		}
		out.readNumbered(name)
	}
	return out, nil
}

func (k *OutputKey) readNumbered(name string) {
	for _, form := range []struct {
		kind OutputKind
		cut  func(string) (string, string, bool)
	}{
		{KindQueued, cutSuffix(queuedSuffix)},
		{KindProgress, cutSuffix(progressSuffix)},
		{KindResult, cutSuffix(ResultSuffix)},
		{KindFile, func(s string) (string, string, bool) { return strings.Cut(s, "/") }},
	} {
		number, file, ok := form.cut(name)
		if n, err := parseNumber(number); ok && err == nil {
			k.Kind, k.Number, k.File = form.kind, n, file
			return
		}
	}
}

func cutSuffix(suffix string) func(string) (string, string, bool) {
	return func(s string) (string, string, bool) {
		before, ok := strings.CutSuffix(s, suffix)
		return before, "", ok
	}
}

// ParsePendingKey parses the key of a marker.
func ParsePendingKey(key string) (Ref, error) {
	user, job, ok := strings.Cut(strings.TrimPrefix(key, PendingPrefix), "/")
	id, err := ParseID(job)
	if !strings.HasPrefix(key, PendingPrefix) || !ok || err != nil || !ValidUser(user) {
		return Ref{}, fmt.Errorf("%q is not a pending marker: %w", key, ErrNotOurs)
	}
	return Ref{User: user, Job: id}, nil
}

func cutUser(key, folder string) (user, rest string, err error) {
	user, rest, ok := strings.Cut(strings.TrimPrefix(key, UsersPrefix), folder)
	if !strings.HasPrefix(key, UsersPrefix) || !ok || !ValidUser(user) {
		return "", "", fmt.Errorf("%q is not under users/{userId}%s: %w", key, folder, ErrNotOurs)
	}
	return user, rest, nil
}

func hasImageSuffix(name string) bool {
	for _, suffix := range ImageSuffixes {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// parseNumber parses an object's number, which has no sign and no leading zero.
func parseNumber(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxNumber || strconv.Itoa(n) != s {
		return 0, fmt.Errorf("%q is not an object number", s)
	}
	return n, nil
}

// maxNumber limits the numbers that are parsed. The stack's limit on a job's
// objects is [Limits.MaxObjects].
const maxNumber = 999
