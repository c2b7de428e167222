package transfer

import (
	"crypto/sha1" //nolint:gosec // what git names blobs by
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"

	"gen3d/internal/weights/hub"
)

// Digest is what a source says of a file's contents, as kind:value.
//
//   - sha256:…   of the contents, for a file that the hub keeps apart from git
//   - git-sha1:… the name of the git blob, for any other
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

// sums computes the digests of a file as its bytes come in order. Its state can be
// kept and taken up again.
type sums struct {
	whole hash.Hash // SHA-256
	blob  hash.Hash // SHA-1 of a git blob; nil where the file is not of git
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

// state is what [sums.resume] takes up.
func (s *sums) state() ([]byte, error) {
	var state []byte
	for _, h := range s.hashes() {
		part, err := h.(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			return nil, fmt.Errorf("keeping the state of a digest: %w", err)
		}
		state = append(state, byte(len(part)))
		state = append(state, part...)
	}
	return state, nil
}

func (s *sums) resume(state []byte) error {
	for _, h := range s.hashes() {
		if len(state) == 0 || len(state) < 1+int(state[0]) {
			return errors.New("the state of a digest is cut off")
		}
		if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state[1 : 1+int(state[0])]); err != nil {
			return fmt.Errorf("taking up the state of a digest: %w", err)
		}
		state = state[1+int(state[0]):]
	}
	if len(state) > 0 {
		return errors.New("the state of a digest has too much")
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

// check compares with what the source says, once all bytes are in.
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

// WrongBytes says that the bytes served for a file are not those that were listed.
type WrongBytes struct {
	File File
	Got  Digest
}

func (w *WrongBytes) Error() string {
	return fmt.Sprintf("the bytes served for %s of %s have the digest %s, not %s, and were thrown away: "+
		"run the same command again, and try without --hub if that stays so", w.File.Path, w.File.From, w.Got, w.File.Digest)
}
