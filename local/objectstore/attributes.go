package objectstore

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3err"
)

// attributes stores the metadata of objects, one small file for each attribute.
// It wraps the gateway's own side-car store and stages the attributes of an
// object that is being written.
//
// The gateway writes the attributes of a new object one by one over those of
// the old one, and then the object. If the process were killed in between or
// the disk were full, old bytes would have new metadata, and attributes that
// the new object lacks would remain. A [publication] stages the attributes
// until the object is in its place; a single rename then publishes all of them.
type attributes struct {
	meta.SideCar
	objects, published, staged string // absolute paths of folders

	// moving is held while a publication replaces the attributes of an
	// object, which takes two renames. The gateway reads some attributes
	// without the key's lock: those of a LIST, and the ETag for the
	// condition of a PUT whose body is not yet read.
	moving sync.RWMutex

	last atomic.Uint64
	mu   sync.Mutex
	open map[string]*publication
}

// The gateway's names of attributes, which are part of its format on disk.
const etagAttribute = "etag"

// descriptive are the attributes that a copy of an object onto itself replaces:
// all except those of its content and its tags.
var descriptive = []string{
	"metadata", "content-type", "content-encoding", "content-language", "content-disposition", "cache-control",
	"expires", "website-redirect-location",
}

// publication is the staged metadata of one object that is being written.
type publication struct {
	of     *attributes
	path   string // bucket/key
	folder string
	car    meta.SideCar
	stored bool
}

// The bucket and object of the attributes in a publication's own side-car
// store, whose folder belongs to one object.
const (
	publicationBucket = "b"
	publicationObject = "o"
)

// publishing records on disk which object a publication belongs to. It is
// written before the object is in its place.
type publishing struct {
	Path string `json:"path"`
	File string `json:"file"` // as fileID returns it
}

func openAttributes(dir string) (*attributes, error) {
	a := &attributes{
		objects: filepath.Join(dir, "objects"), published: filepath.Join(dir, "metadata"), staged: filepath.Join(dir, "publishing"),
		open: map[string]*publication{},
	}
	for _, d := range []string{a.objects, a.published, a.staged} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, fmt.Errorf("making the folder of the object store: %w", err)
		}
	}
	var err error
	if a.SideCar, err = meta.NewSideCar(a.published); err != nil {
		return nil, fmt.Errorf("opening %s: %w", a.published, err)
	}
	return a, a.settle()
}

// settle completes the publications of a killed process if their objects are in
// place, and removes the others.
func (a *attributes) settle() error {
	left, err := os.ReadDir(a.staged)
	if err != nil {
		return fmt.Errorf("reading the publications of the last run: %w", err)
	}
	for _, entry := range left {
		p := &publication{of: a, folder: filepath.Join(a.staged, entry.Name())}
		var was publishing
		text, err := os.ReadFile(p.record())
		_, moved := os.Stat(p.whole())
		// Without a complete record the object had not been written;
		// without attributes they are already in place.
		if err == nil && moved == nil && json.Unmarshal(text, &was) == nil && was.File != "" && a.fileID(was.Path) == was.File {
			p.path = was.Path
			err = p.move()
		} else {
			err = p.discard()
		}
		if err != nil {
			return fmt.Errorf("ending a publication of the last run: %w", err)
		}
	}
	return nil
}

// fileID identifies the file of an object among all files that existed at its
// path during its lifetime. It is empty if there is no object.
func (a *attributes) fileID(path string) string {
	info, err := os.Stat(filepath.Join(a.objects, path))
	if err != nil {
		return ""
	}
	return identify(info)
}

func identify(info os.FileInfo) string {
	inode := uint64(0)
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		inode = stat.Ino
	}
	return fmt.Sprintf("%d-%d-%d", inode, info.Size(), info.ModTime().UnixNano())
}

// begin opens the publication of an object. Its key must be locked until the
// publication ends. begin allocates all disk space that publishing the metadata
// needs.
func (a *attributes) begin(bucket, key string) (*publication, error) {
	p := &publication{
		of: a, path: filepath.Join(bucket, key), folder: filepath.Join(a.staged, strconv.FormatUint(a.last.Add(1), 10)),
	}
	for _, folder := range []string{p.folder, filepath.Join(a.published, p.path)} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return nil, errors.Join(fmt.Errorf("making a folder for the metadata: %w", err), p.discard())
		}
	}
	var err error
	if p.car, err = meta.NewSideCar(p.folder); err != nil {
		return nil, errors.Join(err, p.discard())
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open[p.path] = p
	return p, nil
}

// keep copies the attributes of the existing object, except the descriptive
// ones.
func (p *publication) keep(bucket, key string) error {
	names, err := p.of.ListAttributes(bucket, key)
	if err != nil {
		return err
	}
	for _, name := range names {
		if slices.Contains(descriptive, name) {
			continue
		}
		value, err := p.of.SideCar.RetrieveAttribute(nil, bucket, key, name)
		if err == nil {
			err = p.car.StoreAttribute(nil, publicationBucket, publicationObject, name, value)
		}
		if err != nil {
			return fmt.Errorf("keeping attribute %s: %w", name, err)
		}
		p.stored = true
	}
	return nil
}

// add stages an attribute that is not one of the gateway's.
func (p *publication) add(name, value string) error {
	return p.car.StoreAttribute(nil, publicationBucket, publicationObject, name, []byte(value))
}

// end publishes the metadata, or discards it if the object was not written.
func (p *publication) end(written bool) error {
	p.of.mu.Lock()
	delete(p.of.open, p.path)
	p.of.mu.Unlock()
	if !written || !p.stored {
		return p.discard()
	}
	return p.move()
}

// move publishes the metadata. If it fails, it leaves the publication's folder
// for settle.
func (p *publication) move() error {
	place := filepath.Join(p.of.published, p.path, "meta")
	err := os.MkdirAll(filepath.Dir(place), 0o755)
	if err == nil {
		err = p.replace(place)
	}
	if err != nil {
		return fmt.Errorf("publishing an object's metadata: %w", err)
	}
	return p.discard()
}

// replace moves the attributes to their place.
func (p *publication) replace(place string) error {
	p.of.moving.Lock()
	defer p.of.moving.Unlock()
	err := os.Rename(place, filepath.Join(p.folder, "old"))
	if err == nil || errors.Is(err, os.ErrNotExist) {
		err = os.Rename(p.whole(), place)
	}
	return err
}

func (p *publication) discard() error { return os.RemoveAll(p.folder) }

// whole returns the folder of the attributes.
func (p *publication) whole() string {
	return filepath.Join(p.folder, publicationBucket, publicationObject, "meta")
}

// note records which file the publication belongs to.
func (p *publication) note(file os.FileInfo) error {
	text, err := json.Marshal(publishing{Path: p.path, File: identify(file)})
	if err == nil {
		err = os.WriteFile(p.record(), text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("recording a publication: %w", err)
	}
	return nil
}

func (p *publication) record() string { return filepath.Join(p.folder, "publishing.json") }

func (a *attributes) publicationOf(bucket, key string) *publication {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.open[filepath.Join(bucket, key)]
}

// StoreAttribute stores an attribute in the object's publication if there is
// one.
func (a *attributes) StoreAttribute(f *os.File, bucket, object, attribute string, value []byte) error {
	p := a.publicationOf(bucket, object)
	if p == nil || object == "" {
		return a.storePublished(f, bucket, object, attribute, value)
	}
	if f != nil && !p.stored {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		if err := p.note(info); err != nil {
			return err
		}
	}
	p.stored = true
	return p.car.StoreAttribute(f, publicationBucket, publicationObject, attribute, value)
}

// storePublished tries again if the attribute's folder was removed with another
// object's last attribute.
func (a *attributes) storePublished(f *os.File, bucket, object, attribute string, value []byte) (err error) {
	for range 10 {
		if err = a.SideCar.StoreAttribute(f, bucket, object, attribute, value); err == nil || isCode(err, s3err.ErrNoSpaceLeftOnDevice) {
			return err
		}
	}
	return err
}

// forgetUpload removes what the gateway leaves of a completed multipart upload:
// the attributes of the upload and of its parts.
func (a *attributes) forgetUpload(bucket, key, upload string) error {
	uploads := filepath.Join(a.published, bucket, posix.MetaTmpMultipartDir, fmt.Sprintf("%x", sha256.Sum256([]byte(key))))
	left, err := os.ReadDir(uploads)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, entry := range left {
		if strings.HasPrefix(entry.Name(), upload) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(uploads, entry.Name())))
		}
	}
	return err
}

// DeleteAttribute deletes an attribute of the object's publication if there is
// one.
func (a *attributes) DeleteAttribute(bucket, object, attribute string) error {
	if p := a.publicationOf(bucket, object); p != nil && object != "" {
		err := os.Remove(filepath.Join(p.whole(), attribute))
		if errors.Is(err, os.ErrNotExist) {
			return meta.ErrNoSuchKey
		}
		return err
	}
	return a.SideCar.DeleteAttribute(bucket, object, attribute)
}

// RetrieveAttribute reads an attribute of the object that is in place. It
// returns no ETag for an object that does not exist, even if a process that was
// killed while deleting the object has left one: the gateway checks for the
// ETag to see whether the object exists.
func (a *attributes) RetrieveAttribute(f *os.File, bucket, object, attribute string) ([]byte, error) {
	if attribute == etagAttribute && object != "" {
		if _, err := os.Lstat(filepath.Join(a.objects, bucket, object)); errors.Is(err, os.ErrNotExist) {
			return nil, meta.ErrNoSuchKey
		}
	}
	a.moving.RLock()
	defer a.moving.RUnlock()
	return a.SideCar.RetrieveAttribute(f, bucket, object, attribute)
}
