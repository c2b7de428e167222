package photo

import "encoding/binary"

// exifPrefix precedes the TIFF structure in a JPEG's APP1 segment.
var exifPrefix = []byte("Exif\x00\x00")

const (
	tagOrientation = 0x0112
	typeShort      = 3
)

// orientation returns the EXIF orientation of a TIFF structure: the tag of that
// name in the first directory (Exif 2.32, section 4.6.4). It is 1, as stored,
// if the tag is missing or invalid.
func orientation(tiff []byte) int {
	const header, entry = 8, 12
	if len(tiff) < header {
		return 1
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	start := int64(order.Uint32(tiff[4:]))
	if start+2 > int64(len(tiff)) {
		return 1
	}
	count := int(order.Uint16(tiff[start:]))
	entries := tiff[start+2:]
	for range count {
		if len(entries) < entry {
			return 1
		}
		if order.Uint16(entries) == tagOrientation {
			value := int(order.Uint16(entries[8:]))
			if order.Uint16(entries[2:]) != typeShort || value < 1 || value > 8 {
				return 1
			}
			return value
		}
		entries = entries[entry:]
	}
	return 1
}
