package photo

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
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

// probeJPEG walks the segments up to the start of the first scan.
func (f file) probeJPEG() (Info, error) {
	info := Info{ContentType: JPEG, Orientation: 1}
	sized, oriented := false, false
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
		case marker == markSOS && !sized:
			return Info{}, damaged("JPEG", "it does not tell its size")
		case marker == markSOS:
			info.body = offset
			return info, nil
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
			if info.Height, info.Width, err = f.frame(offset + 4); err != nil {
				return Info{}, err
			}
			sized = true
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

// frame reads the picture's size from the payload of a frame header.
func (f file) frame(offset int64) (height, width int, err error) {
	b, err := f.bytes(offset, 5)
	if err != nil {
		return 0, 0, err
	}
	if b[0] != 8 {
		return 0, 0, damaged("JPEG", "it has more than 8 bits a color")
	}
	return int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:])), nil
}

// tail is how much of a photo's end is read to see that it is there.
const tail = 4 << 10

// completeJPEG looks for the end marker in the last bytes, and where it is not
// there follows the scans from body on: phones append videos to photos, after
// the end marker.
func (f file) completeJPEG(body int64) error {
	from := max(body, f.size-tail)
	last, err := f.bytes(from, int(f.size-from))
	if err != nil {
		return err
	}
	if bytes.Contains(last, []byte{0xFF, markEOI}) {
		return nil
	}
	if from == body {
		return errEnds
	}
	err = followScans(bufio.NewReaderSize(io.NewSectionReader(f.r, body, f.size-body), maxEXIF))
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errEnds
	}
	return err
}

// followScans reads up to the end marker.
func followScans(r *bufio.Reader) error {
	for {
		b, err := r.ReadByte()
		if err != nil {
			return err
		}
		if b != 0xFF {
			continue
		}
		for b == 0xFF {
			if b, err = r.ReadByte(); err != nil {
				return err
			}
		}
		switch {
		case b == markEOI:
			return nil
		case standsAlone(b):
			continue
		}
		var field [2]byte
		if _, err := io.ReadFull(r, field[:]); err != nil {
			return err
		}
		if _, err := r.Discard(max(0, int(binary.BigEndian.Uint16(field[:]))-2)); err != nil {
			return err
		}
	}
}
