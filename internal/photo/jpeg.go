package photo

import (
	"bytes"
	"encoding/binary"
)

// JPEG markers: ITU-T T.81, table B.1.
const (
	markTEM  = 0x01
	markSOF0 = 0xC0 // baseline
	markSOF1 = 0xC1 // extended sequential
	markSOF2 = 0xC2 // progressive
	markDHT  = 0xC4
	markJPG  = 0xC8
	markDAC  = 0xCC
	markSOFF = 0xCF
	markRST0 = 0xD0
	markSOI  = 0xD8
	markEOI  = 0xD9
	markSOS  = 0xDA
	markAPP1 = 0xE1
)

// standsAlone reports whether a marker has no length and payload. A zero byte
// after 0xFF is data.
func standsAlone(marker byte) bool {
	return marker == 0 || marker == markTEM || marker >= markRST0 && marker <= markSOI
}

// probeJPEG reads the segments up to the start of the first scan.
func (f file) probeJPEG() (Info, error) {
	info := Info{ContentType: JPEG, Orientation: 1}
	oriented := false
	offset := int64(2)
	for parts := 0; ; parts++ {
		if parts > maxParts || offset > maxHeader {
			return Info{}, damaged("JPEG", "its header has no end")
		}
		head, err := f.bytes(offset, 2)
		if err != nil {
			return Info{}, err
		}
		marker := head[1]
		switch {
		case head[0] != 0xFF || marker == 0xFF: // a stray or fill byte
			offset++
			continue
		case standsAlone(marker):
			offset += 2
			continue
		case marker == markEOI:
			return Info{}, damaged("JPEG", "it ends before its picture")
		case marker == markSOS && info.frame == nil:
			return Info{}, damaged("JPEG", "its size is missing")
		case marker == markSOS:
			info.body = offset
			return info, f.firstScan(offset, info.frame)
		}
		field, err := f.bytes(offset+2, 2)
		if err != nil {
			return Info{}, err
		}
		length := int64(binary.BigEndian.Uint16(field))
		if length < 2 {
			return Info{}, damaged("JPEG", "it has a segment without a length")
		}
		switch {
		case marker == markSOF0 || marker == markSOF1 || marker == markSOF2:
			if info.frame, err = f.frame(offset+4, int(length-2), marker == markSOF2); err != nil {
				return Info{}, err
			}
			info.Width, info.Height = info.frame.width, info.frame.height
		case marker > markSOF2 && marker <= markSOFF && marker != markDHT && marker != markJPG && marker != markDAC:
			return Info{}, damaged("JPEG", "it is lossless or arithmetic-coded")
		case marker == markAPP1 && !oriented:
			app, err := f.bytes(offset+4, int(length-2))
			if err != nil {
				return Info{}, err
			}
			if tiff, ok := bytes.CutPrefix(app, exifPrefix); ok { // else it is XMP
				info.Orientation, oriented = orientation(tiff), true
			}
		}
		offset += 2 + length
	}
}
