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

// probeWebP reads the first chunk and, in the extended format, searches for the
// picture and its EXIF. A file shorter than its declared size is truncated.
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
	case chunkVP8, chunkVP8L:
		info.Width, info.Height, err = pictureSize(kind, b)
	case chunkVP8X:
		if b[0]&flagAnimated != 0 {
			return Info{}, job.Invalid(job.CodeWrongType, "The file is an animated WebP, which cannot be used here; save one picture of it and try again.")
		}
		info.Width, info.Height = uint24(b[4:])+1, uint24(b[7:])+1
		err = f.probeCanvas(&info, end, b[0]&flagEXIF != 0)
	default:
		return Info{}, damaged("WebP", "it does not begin with a picture")
	}
	if err != nil {
		return Info{}, err
	}
	// Package vp8l allocates at most 2600 groups of Huffman trees, whose nodes
	// and tables take 100 KB per group, 256 bytes for about one byte of the
	// file. With a color palette it temporarily has two pictures, an alpha
	// channel is decoded as a separate picture, and its tiles take up to a
	// quarter of one, three times.
	info.stored = 12*int64(info.Width)*int64(info.Height) + min(2600*100<<10, 256*f.size)
	return info, nil
}

// pictureSize reads the size from the first ten bytes of a picture's chunk.
func pictureSize(kind uint32, b []byte) (width, height int, err error) {
	if kind == chunkVP8 { // RFC 6386, section 9.1: a key frame with its start code
		if b[0]&1 != 0 || !bytes.Equal(b[3:6], []byte{0x9D, 0x01, 0x2A}) {
			return 0, 0, damaged("WebP", "its picture has no header")
		}
		return int(binary.LittleEndian.Uint16(b[6:]) & 0x3FFF), int(binary.LittleEndian.Uint16(b[8:]) & 0x3FFF), nil
	}
	if b[0] != 0x2F {
		return 0, 0, damaged("WebP", "its picture has no header")
	}
	bits := binary.LittleEndian.Uint32(b[1:])
	return int(bits&0x3FFF) + 1, int(bits>>14&0x3FFF) + 1, nil
}

// probeCanvas reads the chunks after a VP8X header up to the picture, whose
// size must be the canvas's, and up to the EXIF chunk if the header announces
// one. If it is missing nevertheless, the picture is shown as stored.
func (f file) probeCanvas(info *Info, end int64, exif bool) error {
	found := false
	offset := int64(riffHeader)
	for parts := 0; parts < maxParts && offset+8 <= end && (exif || !found); parts++ {
		kind, length, err := f.part(offset, binary.LittleEndian)
		if err != nil {
			return err
		}
		if offset+8+int64(length) > end {
			return errEnds
		}
		switch {
		case (kind == chunkVP8 || kind == chunkVP8L) && !found:
			found = true
			b, err := f.bytes(offset+8, 10)
			if err != nil {
				return err
			}
			width, height, err := pictureSize(kind, b)
			if err != nil {
				return err
			}
			if width != info.Width || height != info.Height {
				return damaged("WebP", "its picture's size differs from its declared size")
			}
		case kind == chunkWebPEXIF && exif:
			tiff, err := f.bytes(offset+8, int(min(int64(length), maxEXIF)))
			if err != nil {
				return err
			}
			// Some programs write JPEG's prefix before it.
			info.Orientation, exif = orientation(bytes.TrimPrefix(tiff, exifPrefix)), false
		}
		offset += 8 + int64(length) + int64(length&1) // padded to an even length
	}
	if !found {
		return damaged("WebP", "it has no picture")
	}
	return nil
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
