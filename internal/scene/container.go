package scene

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
)

// The container of binary glTF.
// https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html#glb-file-format-specification
const (
	glbMagic  = 0x46546c67 // glTF
	chunkJSON = 0x4e4f534a // JSON
	chunkBIN  = 0x004e4942 // BIN
	// headerBytes is the size of the container's header, and chunkBytes that
	// of a chunk's.
	headerBytes = 12
	chunkBytes  = 8
)

const (
	// firstRead is how much of an object's file is read at first. It usually
	// contains the JSON.
	firstRead = 16 << 10
	// maxJSON limits the JSON of an object, of which ours has 2 KB.
	maxJSON = 1 << 20
)

// container is where the chunks of a GLB are.
type container struct {
	json []byte
	// binStart and binSize are the data of the BIN chunk in the file. binSize
	// is 0 if there is none.
	binStart, binSize int64
}

// readContainer reads the headers of a GLB and its JSON.
func readContainer(ctx context.Context, file Source) (*container, error) {
	size := file.Size()
	if size < headerBytes+chunkBytes {
		return nil, fmt.Errorf("a GLB cannot have %d bytes", size)
	}
	head, err := readPart(ctx, file, 0, min(size, firstRead))
	if err != nil {
		return nil, err
	}
	word := func(at int64) int64 { return int64(binary.LittleEndian.Uint32(head[at:])) }
	if word(0) != glbMagic || word(4) != 2 {
		return nil, errors.New("it is not binary glTF 2.0")
	}
	if word(8) != size {
		return nil, fmt.Errorf("the GLB says that it has %d bytes, but has %d", word(8), size)
	}
	length := word(headerBytes)
	end := headerBytes + chunkBytes + length
	if word(headerBytes+4) != chunkJSON || length > maxJSON || end > size {
		return nil, fmt.Errorf("its first chunk is not JSON of at most %d bytes", maxJSON)
	}
	if end+chunkBytes > int64(len(head)) && int64(len(head)) < size {
		if head, err = readPart(ctx, file, 0, min(size, end+chunkBytes)); err != nil {
			return nil, err
		}
	}
	c := &container{json: head[headerBytes+chunkBytes : end]}
	if end == size {
		return c, nil
	}
	if size-end < chunkBytes || word(end+4) != chunkBIN || word(end) != size-end-chunkBytes {
		return nil, errors.New("what follows its JSON is not one BIN chunk to the end of the file")
	}
	c.binStart, c.binSize = end+chunkBytes, word(end)
	return c, nil
}
