package job

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"io"
	"strings"
	"time"
)

// ID names a job: 26 characters of lower-case Crockford base32. The first ten
// hold 2^48-1 minus the creation time in Unix milliseconds, so that IDs sort
// newest first as S3 lists them; the other sixteen hold 80 bits that are
// random, or derived for a photo that came without an ID.
type ID string

const (
	idLen   = 26
	maxTime = 1<<48 - 1

	// alphabet is Crockford's base32 (https://www.crockford.com/base32.html),
	// without i, l, o and u. It is in ASCII order, which makes an ID sortable.
	alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
)

var crockford = base32.NewEncoding(alphabet).WithPadding(base32.NoPadding)

// NewID makes the ID of a job created at t, with 80 bits read from random.
func NewID(t time.Time, random io.Reader) (ID, error) {
	var tail [10]byte
	if _, err := io.ReadFull(random, tail[:]); err != nil {
		return "", fmt.Errorf("reading randomness for a job id: %w", err)
	}
	return makeID(t, tail), nil
}

// DeriveID makes the ID of a photo copied straight into the bucket. The same
// stored version (bucket, key, version or ETag, time of writing) always gives
// the same ID, so an event that S3 delivers twice starts one job.
func DeriveID(bucket, key, version string, written time.Time) ID {
	h := sha256.New()
	for _, part := range []string{bucket, key, version} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part) // a hash never fails
	}
	return makeID(written, [10]byte(h.Sum(nil)))
}

func makeID(t time.Time, tail [10]byte) ID {
	ms := min(max(t.UnixMilli(), 0), maxTime)
	inverted := uint64(maxTime - ms)
	// 48 bits in ten characters of 5 bits: two zero bits lead.
	var head [10]byte
	for i := range head {
		head[i] = alphabet[inverted>>(45-5*i)&31]
	}
	return ID(string(head[:]) + crockford.EncodeToString(tail[:]))
}

// ParseID checks that s has the form of a job ID.
func ParseID(s string) (ID, error) {
	if len(s) != idLen {
		return "", fmt.Errorf("%q is not a job id: it has %d characters, not %d", s, len(s), idLen)
	}
	for _, c := range []byte(s) {
		if strings.IndexByte(alphabet, c) < 0 {
			return "", fmt.Errorf("%q is not a job id: it holds %q", s, c)
		}
	}
	if s[0] > '7' { // 48 bits fill ten characters up to a leading 7
		return "", fmt.Errorf("%q is not a job id: its time is out of range", s)
	}
	return ID(s), nil
}

// Created is the time held in the ID, to the millisecond, in UTC. It is zero
// for a string that is not an ID.
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
