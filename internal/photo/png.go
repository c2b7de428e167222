package photo

import (
	"bytes"
	"encoding/binary"
	"math"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// Chunk types of PNG: https://www.w3.org/TR/png-3/#11Chunks
const (
	chunkIHDR = 0x49484452
	chunkIDAT = 0x49444154
	chunkIEND = 0x49454E44
	chunkEXIF = 0x65584966 // eXIf
	chunkTRNS = 0x74524E53 // tRNS
)

// pngEnd is the IEND chunk, the same in every file.
var pngEnd = []byte("\x00\x00\x00\x00IEND\xaeB`\x82")

// chunkFrame is the size of a chunk without its data: length, type and
// checksum.
const chunkFrame = 12

// probePNG reads the chunks up to the picture's data.
func (f file) probePNG() (Info, error) {
	info := Info{ContentType: PNG, Orientation: 1}
	offset := int64(len(pngSignature))
	for parts := 0; ; parts++ {
		if parts > maxParts || offset > maxHeader {
			return Info{}, damaged("PNG", "its header has no end")
		}
		length, kind, err := f.part(offset, binary.BigEndian)
		if err != nil {
			return Info{}, err
		}
		switch {
		case length > math.MaxInt32:
			return Info{}, damaged("PNG", "it has a chunk without an end")
		case (parts == 0) != (kind == chunkIHDR):
			return Info{}, damaged("PNG", "it does not start with its size")
		case kind == chunkIHDR:
			b, err := f.bytes(offset+8, 13)
			if err != nil {
				return Info{}, err
			}
			info.Width, info.Height = int(binary.BigEndian.Uint32(b)), int(binary.BigEndian.Uint32(b[4:]))
			info.stored = 4 * int64(info.Width) * int64(info.Height)
			if b[8] == 16 {
				info.stored *= 2
			}
			if b[12] != 0 { // interlaced: each pass is a separate picture
				info.stored *= 2
			}
		case kind == chunkEXIF:
			tiff, err := f.bytes(offset+8, int(min(length, maxEXIF)))
			if err != nil {
				return Info{}, err
			}
			info.Orientation = orientation(tiff)
		case kind == chunkTRNS:
			info.transparent = true
		case kind == chunkIDAT:
			info.body = offset
			return info, nil
		case kind == chunkIEND:
			return Info{}, damaged("PNG", "it ends before its picture")
		}
		offset += chunkFrame + int64(length)
	}
}

// completePNG searches the last bytes for the last chunk, and if it is not
// there, reads the chunks from body.
func (f file) completePNG(body int64) error {
	from := max(body, f.size-tail)
	last, err := f.bytes(from, int(f.size-from))
	if err != nil {
		return err
	}
	if bytes.Contains(last, pngEnd) {
		return nil
	}
	for offset := body; ; {
		length, kind, err := f.part(offset, binary.BigEndian)
		if err != nil {
			return err
		}
		if kind == chunkIEND {
			_, err := f.bytes(offset, chunkFrame)
			return err
		}
		offset += chunkFrame + int64(length)
	}
}
