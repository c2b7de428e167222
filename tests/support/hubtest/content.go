package hubtest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1" // git's hash of blobs
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// content is a generated file of any size, whose ranges can be read without the
// bytes before them: the key stream of AES in counter mode.
type content struct {
	block    cipher.Block
	size     int64
	position int64
	fixed    []byte // the content instead, if not nil
}

func newContent(seed string, size int64) *content {
	key := sha256.Sum256([]byte(seed))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // 32 bytes are a valid key
	}
	return &content{block: block, size: size}
}

func (c *content) at() *content {
	return &content{block: c.block, size: c.size, fixed: c.fixed}
}

func (c *content) Read(p []byte) (int, error) {
	if c.position >= c.size {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), c.size-c.position)]
	if c.fixed != nil {
		copy(p, c.fixed[c.position:])
	} else {
		var counter [aes.BlockSize]byte
		binary.BigEndian.PutUint64(counter[8:], uint64(c.position/aes.BlockSize))
		stream := cipher.NewCTR(c.block, counter[:])
		var skipped [aes.BlockSize]byte
		stream.XORKeyStream(skipped[:c.position%aes.BlockSize], skipped[:c.position%aes.BlockSize])
		clear(p)
		stream.XORKeyStream(p, p)
	}
	c.position += int64(len(p))
	return len(p), nil
}

func (c *content) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += c.position
	case io.SeekEnd:
		offset += c.size
	}
	if offset < 0 {
		return 0, errors.New("seeking before the beginning")
	}
	c.position = offset
	return offset, nil
}

// digests returns the SHA-256 and the id of the git blob.
func (c *content) digests() (sum, oid string) {
	whole, blob := sha256.New(), sha1.New()
	fmt.Fprintf(blob, "blob %d\x00", c.size)
	if _, err := io.Copy(io.MultiWriter(whole, blob), c.at()); err != nil {
		panic(err) // neither side fails
	}
	return hex.EncodeToString(whole.Sum(nil)), hex.EncodeToString(blob.Sum(nil))
}
