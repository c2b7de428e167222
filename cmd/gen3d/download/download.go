// Package download copies objects of a bucket into a folder. A file appears
// under its name only when it is complete, files that are there already are not
// fetched again, and no name leads out of the folder.
package download

import (
	"context"
	"crypto/md5" // #nosec G501 -- the ETag of S3, not a protection
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/sync/errgroup"
)

// File is an object to download.
type File struct {
	Key     string
	Version string // empty for the current one
	Name    string // in the folder, with slashes
	Bytes   int64
	ETag    string // without quotes; that of an object encrypted with KMS is no MD5
	SHA256  string // hexadecimal; empty if it is not known
}

// Source opens objects; *bucket.Bucket implements it.
type Source interface {
	Open(ctx context.Context, key, version string) (io.ReadCloser, error)
}

// Done is called after each file. present reports that it was there already.
type Done func(file File, present bool)

// atOnce is how many files are downloaded concurrently, and attempts how often
// each is tried.
const (
	atOnce   = 4
	attempts = 3
)

// Files downloads files into folder, which it creates.
func Files(ctx context.Context, from Source, folder string, files []File, done Done) error {
	for _, f := range files {
		if err := checkName(f.Name); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("creating the folder of the files: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return fmt.Errorf("opening the folder of the files: %w", err)
	}
	defer func() { _ = root.Close() }()
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, f := range files {
		group.Go(func() error {
			present, err := one(ctx, from, root, f)
			if err != nil {
				return fmt.Errorf("downloading %s: %w", f.Key, err)
			}
			mu.Lock()
			defer mu.Unlock()
			done(f, present)
			return nil
		})
	}
	return group.Wait()
}

// checkName refuses a name that is not a plain path inside a folder on every
// system.
func checkName(name string) error {
	local, err := filepath.Localize(name)
	if err != nil || !filepath.IsLocal(local) || strings.ContainsAny(name, `\:`) || strings.ContainsFunc(name, unicode.IsControl) {
		return fmt.Errorf("%q cannot be the name of a file", name)
	}
	return nil
}

// one downloads a file unless it is there.
func one(ctx context.Context, from Source, root *os.Root, f File) (present bool, err error) {
	if same(root, f) {
		return true, nil
	}
	if err := root.MkdirAll(path.Dir(f.Name), 0o755); err != nil {
		return false, err
	}
	for attempt := 1; ; attempt++ {
		err = fetch(ctx, from, root, f)
		if err == nil || attempt == attempts || ctx.Err() != nil || !errors.Is(err, errInterrupted) {
			return false, err
		}
	}
}

// errInterrupted wraps the errors of a transfer that can be repeated.
var errInterrupted = errors.New("the transfer was interrupted")

// part is the suffix of a file that is not complete.
const part = ".part"

func fetch(ctx context.Context, from Source, root *os.Root, f File) (err error) {
	body, err := from.Open(ctx, f.Key, f.Version)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	unfinished := f.Name + part
	file, err := root.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = root.Remove(unfinished)
		}
	}()
	sums := newSums()
	n, err := io.Copy(io.MultiWriter(file, sums), body)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", errInterrupted, err)
	case n != f.Bytes:
		return fmt.Errorf("%w: it has %d bytes instead of %d", errInterrupted, n, f.Bytes)
	case f.SHA256 != "" && sums.sha256() != f.SHA256:
		return fmt.Errorf("its SHA-256 is not the one in the result document: the object is damaged, or was replaced")
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return root.Rename(unfinished, f.Name)
}

// same reports whether the folder has the file: one of the same size and, by
// SHA-256 or the ETag, the same content.
func same(root *os.Root, f File) bool {
	info, err := root.Lstat(f.Name)
	if err != nil || !info.Mode().IsRegular() || info.Size() != f.Bytes {
		return false
	}
	file, err := root.Open(f.Name)
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }()
	sums := newSums()
	if _, err := io.Copy(sums, file); err != nil {
		return false
	}
	if f.SHA256 != "" {
		return sums.sha256() == f.SHA256
	}
	return sums.md5() == f.ETag
}

// sums computes the two sums by which S3 and Gen3D identify a content.
type sums struct{ sha, md hash.Hash }

func newSums() sums { return sums{sha256.New(), md5.New()} } // #nosec G401 -- see the import

func (s sums) Write(p []byte) (int, error) {
	_, _ = s.sha.Write(p) // a hash returns no error
	return s.md.Write(p)
}

func (s sums) sha256() string { return hex.EncodeToString(s.sha.Sum(nil)) }
func (s sums) md5() string    { return hex.EncodeToString(s.md.Sum(nil)) }
