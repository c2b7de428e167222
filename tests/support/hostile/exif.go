package hostile

import "encoding/binary"

// EXIF encodes a TIFF structure whose first directory declares a number of
// entries and has some of them. The last entry is an orientation of 6 (Exif 2.32,
// section 4.6.4), the others are comments of 4 GB (ImageDescription).
func EXIF(declared uint16, entries int) []byte {
	out := []byte("II*\x00\x08\x00\x00\x00")
	out = binary.LittleEndian.AppendUint16(out, declared)
	for range entries - 1 {
		out = append(out, "\x0e\x01\x02\x00\xff\xff\xff\xff\x08\x00\x00\x00"...)
	}
	return append(out, "\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00"...)
}

// APP1 encodes a JPEG's segment of EXIF or XMP (Exif 2.32, section 4.7.2).
func APP1(payload ...[]byte) []byte {
	size := 2
	for _, p := range payload {
		size += len(p)
	}
	out := []byte{0xFF, 0xE1, byte(size >> 8), byte(size)}
	for _, p := range payload {
		out = append(out, p...)
	}
	return out
}
