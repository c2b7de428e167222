package objectstore

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3err"
)

// versions store the replaced objects of a key, as a bucket with versioning
// does:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html
//
// The current version is the object itself, with its ID as an attribute. A
// version that is replaced becomes noncurrent first: another object of the
// gateway, in a folder that lists leave out, with links to the same file and
// the same attributes. Its file is linked last, and its attributes are unlinked
// last, so that after a kill it is complete or does not exist. Callers lock the
// key.
type versions struct {
	attributes *attributes
	keeps      func(bucket, key string) bool
	now        func() time.Time
	sequence   sequence
}

const (
	// versionAttribute is the gateway's name of the version ID.
	versionAttribute = "version-id"
	// replacedAttribute orders noncurrent versions by the time when they
	// were replaced.
	replacedAttribute = "replaced"
	// nullVersion is S3's ID of an object that existed before its key had
	// versions.
	nullVersion = "null"
)

// of reports whether a key has versions.
func (v *versions) of(bucket, key string) bool {
	return v.keeps != nil && v.keeps(bucket, path.Clean(key))
}

// newID returns the ID of the next version of a key; empty if the key has no
// versions.
func (v *versions) newID(bucket, key string) string {
	if !v.of(bucket, key) {
		return ""
	}
	return ulid.Make().String()
}

// checkVersionID returns S3's error for a string that cannot be an ID. Every
// other one is safe in a path.
func checkVersionID(id string) error {
	if id == nullVersion {
		return nil
	}
	if _, err := ulid.ParseStrict(id); err != nil {
		return s3err.GetInvalidArgumentErr(s3err.InvalidArgVersionId, id)
	}
	return nil
}

// folder returns the gateway's key for the noncurrent versions of a key; place
// is the key of one of them.
func (v *versions) folder(key string) string {
	return fmt.Sprintf("%s/versions/%x", posix.MetaTmpDir, sha256.Sum256([]byte(path.Clean(key))))
}

func (v *versions) place(key, id string) string { return v.folder(key) + "/" + id }

func (v *versions) object(bucket, key string) string {
	return filepath.Join(v.attributes.objects, bucket, key)
}

func (v *versions) metadata(bucket, key string) string {
	return filepath.Join(v.attributes.published, bucket, key, "meta")
}

// current returns the ID of the current version; empty if there is no object.
func (v *versions) current(bucket, key string) (string, error) {
	if v.attributes.fileID(bucket+"/"+key) == "" {
		return "", nil
	}
	id, err := v.attributes.RetrieveAttribute(nil, bucket, key, versionAttribute)
	if errors.Is(err, meta.ErrNoSuchKey) {
		return nullVersion, nil
	}
	return string(id), err
}

// find returns the gateway's key of a version of an object, the current one if
// id is empty, and the version's ID. The ID is empty for an object from before
// its key had versions, for which S3 returns null: job IDs were derived without
// it.
func (v *versions) find(bucket, key, id string) (place, found string, err error) {
	if !v.of(bucket, key) {
		if id != "" && id != nullVersion {
			return "", "", s3err.GetInvalidArgumentErr(s3err.InvalidArgVersionId, id)
		}
		return key, "", nil
	}
	if id != "" {
		if err := checkVersionID(id); err != nil {
			return "", "", err
		}
	}
	current, err := v.current(bucket, key)
	switch {
	case err != nil:
		return "", "", err
	case id == "" && current == nullVersion:
		return key, "", nil
	case id == "" || id == current:
		return key, current, nil
	}
	place = v.place(key, id)
	if v.attributes.fileID(bucket+"/"+place) == "" {
		return "", "", s3err.GetNoSuchVersionErr(key, id)
	}
	return place, id, nil
}

// keep makes the object at a key a noncurrent version as well, before another
// one replaces it, and returns its place; empty if there is no object.
func (v *versions) keep(bucket, key string) (place string, err error) {
	id, err := v.current(bucket, key)
	if err != nil || id == "" {
		return "", err
	}
	if place = v.place(key, id); v.attributes.fileID(bucket+"/"+place) != "" {
		if err := v.drop(bucket, place); err != nil { // left by a process that was killed before the object was replaced
			return "", err
		}
	}
	if err := link(v.metadata(bucket, key), v.metadata(bucket, place)); err != nil {
		return "", fmt.Errorf("keeping the attributes of a version: %w", err)
	}
	replaced := []byte(v.sequence.next(v.now()))
	if err := v.attributes.SideCar.StoreAttribute(nil, bucket, place, replacedAttribute, replaced); err != nil {
		return "", err
	}
	err = os.MkdirAll(v.object(bucket, v.folder(key)), 0o755)
	if err == nil {
		err = os.Link(v.object(bucket, key), v.object(bucket, place))
	}
	if err != nil {
		return "", fmt.Errorf("keeping a version: %w", err)
	}
	return place, nil
}

// link replaces a folder with one of links to the files of another.
func link(from, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	files, err := os.ReadDir(from)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, file := range files {
		if err := os.Link(filepath.Join(from, file.Name()), filepath.Join(to, file.Name())); err != nil {
			return err
		}
	}
	return nil
}

// drop removes a noncurrent version. It is no error if there is none.
func (v *versions) drop(bucket, place string) error {
	if err := os.Remove(v.object(bucket, place)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing a version: %w", err)
	}
	if err := os.RemoveAll(filepath.Dir(v.metadata(bucket, place))); err != nil {
		return fmt.Errorf("removing the attributes of a version: %w", err)
	}
	// The folders are removed with the last version.
	_ = os.Remove(path.Dir(v.object(bucket, place)))
	_ = os.Remove(filepath.Dir(filepath.Dir(v.metadata(bucket, place))))
	return nil
}

// noncurrent returns the places of a key's noncurrent versions, the one that
// was replaced last first.
func (v *versions) noncurrent(bucket, key string) ([]string, error) {
	entries, err := os.ReadDir(v.object(bucket, v.folder(key)))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("listing the versions of an object: %w", err)
	}
	places, replaced := []string{}, map[string]string{}
	for _, entry := range entries {
		place := v.place(key, entry.Name())
		at, err := v.attributes.SideCar.RetrieveAttribute(nil, bucket, place, replacedAttribute)
		if err != nil && !errors.Is(err, meta.ErrNoSuchKey) {
			return nil, err
		}
		places, replaced[place] = append(places, place), string(at)
	}
	slices.SortFunc(places, func(a, b string) int { return cmp.Compare(replaced[b], replaced[a]) })
	return places, nil
}

// dropAll removes all noncurrent versions of a key.
func (v *versions) dropAll(bucket, key string) error {
	places, err := v.noncurrent(bucket, key)
	for _, place := range places {
		err = errors.Join(err, v.drop(bucket, place))
	}
	return err
}

// restore replaces the object at a key with a noncurrent version.
func (v *versions) restore(bucket, key, place string) (err error) {
	file := v.object(bucket, place)
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("reading a version: %w", err)
	}
	p, err := v.attributes.begin(bucket, key)
	if err != nil {
		return err
	}
	written := false
	defer func() { err = errors.Join(err, p.end(written)) }()
	if err := link(v.metadata(bucket, place), p.whole()); err != nil {
		return fmt.Errorf("restoring the attributes of a version: %w", err)
	}
	if err := os.Remove(filepath.Join(p.whole(), replacedAttribute)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := p.note(info); err != nil {
		return err
	}
	restored := filepath.Join(p.folder, "object")
	if err = os.Link(file, restored); err == nil {
		err = os.Rename(restored, v.object(bucket, key))
	}
	if err != nil {
		return fmt.Errorf("restoring a version: %w", err)
	}
	written, p.stored = true, true
	return nil
}

// remove permanently deletes one version of an object. If it is the current
// one, the one before it becomes current; if there is none, last is called to
// delete the object itself.
func (v *versions) remove(bucket, key, id string, last func() error) error {
	if err := checkVersionID(id); err != nil {
		return err
	}
	current, err := v.current(bucket, key)
	if err != nil {
		return err
	}
	if err := v.drop(bucket, v.place(key, id)); err != nil || id != current {
		return err
	}
	places, err := v.noncurrent(bucket, key)
	if err != nil {
		return err
	}
	if len(places) == 0 {
		return last()
	}
	if err := v.restore(bucket, key, places[0]); err != nil {
		return err
	}
	return v.drop(bucket, places[0])
}

// copySource returns the source of a copy of one of the gateway's objects.
func copySource(bucket, key string) *string {
	source := url.QueryEscape(bucket + "/" + key)
	return &source
}
