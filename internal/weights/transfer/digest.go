package transfer

import (
	"crypto/sha1" //nolint:gosec // git's hash of blobs
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"

	"gen3d/internal/weights/hub"
)

// Digest is a source's digest of a file's contents, as kind:value.
//
//   - sha256:…   of the contents, for a file that the hub stores outside git
//   - git-sha1:… the id of the git blob, for any other
//   - etag:…     what a web server calls this version of the file. It cannot be
//     computed: such a file is verified by its size, and that all its parts are of
//     this version.
type Digest string

func digestOf(e hub.Entry) Digest {
	if e.SHA256 != "" {
		return Digest("sha256:" + e.SHA256)
	}
	return Digest("git-sha1:" + e.GitOID)
}

// sums computes the digests of a file from its bytes in order. Its state can be
// stored and restored.
type sums struct {
	whole hash.Hash // SHA-256
	blob  hash.Hash // SHA-1 of a git blob; nil if the file is not in git
}

func newSums(f File) *sums {
	s := &sums{whole: sha256.New()}
	if strings.HasPrefix(string(f.Digest), "git-sha1:") {
		s.blob = sha1.New() //nolint:gosec // as above
		fmt.Fprintf(s.blob, "blob %d\x00", f.Size)
	}
	return s
}

func (s *sums) add(p []byte) {
	for _, h := range s.hashes() {
		h.Write(p) // never fails
	}
}

// state returns the state for [sums.resume].
func (s *sums) state() ([]byte, error) {
	var state []byte
	for _, h := range s.hashes() {
		part, err := h.(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			return nil, fmt.Errorf("encoding the state of a digest: %w", err)
		}
		state = append(state, byte(len(part)))
		state = append(state, part...)
	}
	return state, nil
}

func (s *sums) resume(state []byte) error {
	for _, h := range s.hashes() {
		if len(state) == 0 || len(state) < 1+int(state[0]) {
			return errors.New("the state of a digest is truncated")
		}
		if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state[1 : 1+int(state[0])]); err != nil {
			return fmt.Errorf("decoding the state of a digest: %w", err)
		}
		state = state[1+int(state[0]):]
	}
	if len(state) > 0 {
		return errors.New("the state of a digest has trailing bytes")
	}
	return nil
}

func (s *sums) hashes() []hash.Hash {
	if s.blob == nil {
		return []hash.Hash{s.whole}
	}
	return []hash.Hash{s.whole, s.blob}
}

func (s *sums) sha256() string { return hex.EncodeToString(s.whole.Sum(nil)) }

// check compares the digest of all bytes with the source's.
func (s *sums) check(f File) error {
	var got Digest
	switch {
	case strings.HasPrefix(string(f.Digest), "etag:"):
		return nil
	case s.blob != nil:
		got = Digest("git-sha1:" + hex.EncodeToString(s.blob.Sum(nil)))
	default:
		got = Digest("sha256:" + s.sha256())
	}
	if got != f.Digest {
		return &WrongBytes{File: f, Got: got}
	}
	return nil
}

// WrongBytes is returned if the digest of a file's bytes differs from the
// listed one.
type WrongBytes struct {
	File File
	Got  Digest
}

func (w *WrongBytes) Error() string {
	return fmt.Sprintf("the bytes served for %s of %s have the digest %s, not %s, and were discarded: "+
		"run the same command again, and try without --hub if that stays so", w.File.Path, w.File.From, w.Got, w.File.Digest)
}
