package photo

import (
	"bytes"
	"encoding/binary"

	"gen3d/internal/job"
)

// Chunk types of WebP, as little-endian numbers:
// https://developers.google.com/speed/webp/docs/riff_container
const (
	chunkVP8      = 0x20385056
	chunkVP8L     = 0x4C385056
	chunkVP8X     = 0x58385056
	chunkWebPEXIF = 0x46495845

	flagAnimated = 0x02
	flagEXIF     = 0x08
)

// riffHeader is "RIFF", the size of what follows it, "WEBP".
const riffHeader = 12

// probeWebP reads the first chunk and, where that announces EXIF, looks for it
// behind the picture. A file shorter than it declares is truncated.
func (f file) probeWebP() (Info, error) {
	info := Info{ContentType: WebP, Orientation: 1, body: riffHeader}
	_, declared, err := f.part(0, binary.LittleEndian)
	if err != nil {
		return Info{}, err
	}
	end := 8 + int64(declared)
	if end > f.size {
		return Info{}, errEnds
	}
	kind, length, err := f.part(riffHeader, binary.LittleEndian)
	if err != nil {
		return Info{}, err
	}
	if riffHeader+8+int64(length) > end {
		return Info{}, errEnds
	}
	b, err := f.bytes(riffHeader+8, 10)
	if err != nil {
		return Info{}, err
	}
	switch kind {
	case chunkVP8: // RFC 6386, section 9.1: a key frame with its start code
		if b[0]&1 != 0 || !bytes.Equal(b[3:6], []byte{0x9D, 0x01, 0x2A}) {
			return Info{}, damaged("WebP", "its picture has no header")
		}
		info.Width = int(binary.LittleEndian.Uint16(b[6:]) & 0x3FFF)
		info.Height = int(binary.LittleEndian.Uint16(b[8:]) & 0x3FFF)
	case chunkVP8L:
		if b[0] != 0x2F {
			return Info{}, damaged("WebP", "its picture has no header")
		}
		bits := binary.LittleEndian.Uint32(b[1:])
		info.Width, info.Height = int(bits&0x3FFF)+1, int(bits>>14&0x3FFF)+1
	case chunkVP8X:
		if b[0]&flagAnimated != 0 {
			return Info{}, job.Invalid(job.CodeWrongType, "The file is an animated WebP, which cannot be used here; save one picture of it and try again.")
		}
		info.Width, info.Height = uint24(b[4:])+1, uint24(b[7:])+1
		if b[0]&flagEXIF != 0 {
			if info.Orientation, err = f.webpOrientation(end); err != nil {
				return Info{}, err
			}
		}
	default:
		return Info{}, damaged("WebP", "it does not begin with a picture")
	}
	return info, nil
}

// webpOrientation walks the chunks to the EXIF chunk. Where there is none, in
// spite of the header, the picture is shown as stored.
func (f file) webpOrientation(end int64) (int, error) {
	offset := int64(riffHeader)
	for parts := 0; parts < maxParts && offset+8 <= end; parts++ {
		kind, length, err := f.part(offset, binary.LittleEndian)
		if err != nil {
			return 0, err
		}
		if kind == chunkWebPEXIF {
			data := min(int64(length), maxEXIF, end-offset-8)
			tiff, err := f.bytes(offset+8, int(data))
			if err != nil {
				return 0, err
			}
			// Some programs put JPEG's prefix before it.
			return orientation(bytes.TrimPrefix(tiff, exifPrefix)), nil
		}
		offset += 8 + int64(length) + int64(length&1) // padded to an even length
	}
	return 1, nil
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
