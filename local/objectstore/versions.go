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

// versions keep what was stored under a key before, as a bucket with versioning does:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html
//
// The newest version is the object itself, with its ID as an attribute. A version that is replaced becomes a noncurrent
// one first: another object of the gateway's, in a folder that lists leave out, of the same file and with links to the
// same attributes. Its file is linked last, and its attributes are unlinked last, so that a killed process leaves it whole
// or not at all. Callers hold the lock of the key.
type versions struct {
	attributes *attributes
	keeps      func(bucket, key string) bool
	now        func() time.Time
	sequence   sequence
}

const (
	// versionAttribute is the gateway's own name for it.
	versionAttribute = "version-id"
	// replacedAttribute orders noncurrent versions by the time when they were replaced.
	replacedAttribute = "replaced"
	// nullVersion is S3's ID of an object that was there before its key had versions.
	nullVersion = "null"
)

// of tells whether a key has versions.
func (v *versions) of(bucket, key string) bool {
	return v.keeps != nil && v.keeps(bucket, path.Clean(key))
}

// newID makes the ID of the next version of a key; empty where it has none.
func (v *versions) newID(bucket, key string) string {
	if !v.of(bucket, key) {
		return ""
	}
	return ulid.Make().String()
}

// checkVersionID refuses what cannot be an ID, as S3 does. What passes is safe in a path.
func checkVersionID(id string) error {
	if id == nullVersion {
		return nil
	}
	if _, err := ulid.ParseStrict(id); err != nil {
		return s3err.GetInvalidArgumentErr(s3err.InvalidArgVersionId, id)
	}
	return nil
}

// folder is where the gateway finds the noncurrent versions of a key; place is one of them.
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

// current is the ID of the newest version; empty where there is no object.
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

// find says under which key the gateway has a version of an object, the newest where id is empty, and which one it is. An
// object from before its key had versions is told without an ID, where S3 says null: job IDs were derived without one.
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

// keep makes the object at a key a noncurrent version, too, before another one replaces it, and returns its place; empty
// without an object.
func (v *versions) keep(bucket, key string) (place string, err error) {
	id, err := v.current(bucket, key)
	if err != nil || id == "" {
		return "", err
	}
	if place = v.place(key, id); v.attributes.fileID(bucket+"/"+place) != "" {
		if err := v.drop(bucket, place); err != nil { // of a process that was killed before the object was replaced
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

// link makes a folder of links to the files of another; what was in it before goes.
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

// drop removes a noncurrent version; it is no error if there is none.
func (v *versions) drop(bucket, place string) error {
	if err := os.Remove(v.object(bucket, place)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing a version: %w", err)
	}
	if err := os.RemoveAll(filepath.Dir(v.metadata(bucket, place))); err != nil {
		return fmt.Errorf("removing the attributes of a version: %w", err)
	}
	// The folders go with the last of them.
	_ = os.Remove(path.Dir(v.object(bucket, place)))
	_ = os.Remove(filepath.Dir(filepath.Dir(v.metadata(bucket, place))))
	return nil
}

// noncurrent are the places of a key's noncurrent versions, the one that was replaced last first.
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

// restore puts a noncurrent version in the place of the object at its key, which goes.
func (v *versions) restore(bucket, key, place string) (err error) {
	file := v.object(bucket, place)
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("asking about a version: %w", err)
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

// remove deletes one version of an object for good. The one before the newest becomes the newest then; without one,
// last is called to delete the object itself.
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

// copySource names an object of the gateway's as the source of a copy.
func copySource(bucket, key string) *string {
	source := url.QueryEscape(bucket + "/" + key)
	return &source
}
