package job

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"io"
	"strings"
	"time"
)

// ID identifies a job: 26 characters of lowercase Crockford base32. The first
// ten hold 2^48-1 minus the creation time in Unix milliseconds, so that S3
// lists IDs newest first. The other sixteen hold 80 bits, which are random, or
// derived for a photo that was uploaded without an ID.
type ID string

const (
	idLen   = 26
	maxTime = 1<<48 - 1

	// alphabet is Crockford's base32
	// (https://www.crockford.com/base32.html), without i, l, o and u. It is
	// in ASCII order, so IDs sort by their value.
	alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
)

var crockford = base32.NewEncoding(alphabet).WithPadding(base32.NoPadding)

// NewID returns the ID of a job created at t, with 80 bits read from random.
func NewID(t time.Time, random io.Reader) (ID, error) {
	var tail [10]byte
	if _, err := io.ReadFull(random, tail[:]); err != nil {
		return "", fmt.Errorf("reading random bytes for a job id: %w", err)
	}
	return makeID(t, tail), nil
}

// DeriveID returns the ID of the job for a photo copied straight into the
// bucket. It is always the same for a stored version (bucket, key, version or
// ETag, time of writing), so an event that S3 delivers twice starts one job.
func DeriveID(bucket, key, version string, written time.Time) ID {
	h := sha256.New()
	for _, part := range []string{bucket, key, version} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part) // writing to a hash returns no error
	}
	return makeID(written, [10]byte(h.Sum(nil)))
}

func makeID(t time.Time, tail [10]byte) ID {
	ms := min(max(t.UnixMilli(), 0), maxTime)
	inverted := uint64(maxTime - ms)
	// Ten characters of 5 bits hold 48 bits after two leading zero bits.
	var head [10]byte
	for i := range head {
		head[i] = alphabet[inverted>>(45-5*i)&31]
	}
	return ID(string(head[:]) + crockford.EncodeToString(tail[:]))
}

// ParseID returns s as an ID, or an error if it does not have the form of one.
func ParseID(s string) (ID, error) {
	if len(s) != idLen {
		return "", fmt.Errorf("%q is not a job id: it has %d characters, not %d", s, len(s), idLen)
	}
	for _, c := range []byte(s) {
		if strings.IndexByte(alphabet, c) < 0 {
			return "", fmt.Errorf("%q is not a job id: it holds %q", s, c)
		}
	}
	if s[0] > '7' { // the first character holds only 3 bits
		return "", fmt.Errorf("%q is not a job id: its time is out of range", s)
	}
	return ID(s), nil
}

// Created returns the creation time in the ID, in UTC with a resolution of one
// millisecond. It is zero for a string that is not an ID.
func (id ID) Created() time.Time {
	if _, err := ParseID(string(id)); err != nil {
		return time.Time{}
	}
	var inverted uint64
	for _, c := range []byte(id[:10]) {
		inverted = inverted<<5 | uint64(strings.IndexByte(alphabet, c))
	}
	return time.UnixMilli(int64(maxTime - inverted)).UTC()
}
