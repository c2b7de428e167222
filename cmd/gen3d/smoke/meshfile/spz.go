package meshfile

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// spzHeader and spzGaussian are the bytes of the header and, for each Gaussian
// without view-dependent color, of SPZ version 2.
// https://github.com/nianticlabs/spz
const (
	spzHeader   = 16
	spzGaussian = 9 + 1 + 3 + 3 + 3
)

// SPZ checks a file of compressed Gaussians and returns their number. It reads
// at most one byte more than the header announces.
func SPZ(data []byte) (splats int, err error) {
	in, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return 0, fmt.Errorf("it is no gzip stream: %w", err)
	}
	var head [spzHeader]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return 0, fmt.Errorf("its header is incomplete: %w", err)
	}
	if string(head[:4]) != "NGSP" {
		return 0, errors.New("it is no SPZ")
	}
	if version := binary.LittleEndian.Uint32(head[4:]); version != 2 {
		return 0, fmt.Errorf("it has version %d, not 2", version)
	}
	count := int64(binary.LittleEndian.Uint32(head[8:]))
	switch {
	case count == 0:
		return 0, errors.New("it has no Gaussian")
	case head[12] != 0:
		return 0, fmt.Errorf("it has harmonics of degree %d, not 0", head[12])
	case head[13] > 23:
		return 0, fmt.Errorf("its positions have %d bits after the point", head[13])
	}
	size, err := io.Copy(io.Discard, io.LimitReader(in, count*spzGaussian+1))
	if err != nil {
		return 0, fmt.Errorf("reading its Gaussians: %w", err)
	}
	if size != count*spzGaussian {
		return 0, fmt.Errorf("it has %d bytes of Gaussians or more, not %d", size, count*spzGaussian)
	}
	return int(count), nil
}
