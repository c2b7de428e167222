package photo

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"gen3d/internal/job"
)

// Limits on the work of decoding a JPEG's scans. A progressive JPEG has several
// scans, and for one of a few dozen bytes a decoder can process the whole
// picture again: an end-of-band run skips up to 32,767 blocks. So the work is
// not limited by the file's size, see
// https://libjpeg-turbo.org/pmwiki/uploads/About/TwoIssueswiththeJPEGStandard.pdf,
// LJT-01-003.
const (
	// maxScans is the limit of libjpeg's programs for a script of scans
	// (MAX_SCANS in rdswitch.c). Photos have about 10.
	maxScans = 100
	// maxPasses times the maximum of a photo's pixels is the maximum of samples
	// in all scans together. libjpeg's script takes 14 passes over a color
	// picture without subsampling and 24 over a CMYK one. A pass over 50
	// megapixels takes package jpeg up to 70 ms.
	maxPasses = 40
)

// frame is a JPEG's frame header.
type frame struct {
	width, height int // as stored
	progressive   bool
	components    []component
	// whole is whether the first scan has all components. A sequential picture
	// with such a scan must have no other.
	whole bool
}

type component struct {
	id      byte
	samples int64 // including blocks that extend beyond the picture
}

// frame reads a frame header from its payload of length bytes.
func (f file) frame(offset int64, length int, progressive bool) (*frame, error) {
	b, err := f.bytes(offset, 6)
	if err != nil {
		return nil, err
	}
	count := int(b[5])
	if b[0] != 8 {
		return nil, damaged("JPEG", "it has more than 8 bits a color")
	}
	if count < 1 || count > 4 || length != 6+3*count {
		return nil, damaged("JPEG", "its frame header is damaged")
	}
	frame := &frame{
		height: int(binary.BigEndian.Uint16(b[1:])), width: int(binary.BigEndian.Uint16(b[3:])),
		progressive: progressive,
	}
	if b, err = f.bytes(offset+6, 3*count); err != nil {
		return nil, err
	}
	mostH, mostV := 1, 1
	for i := range count {
		h, v := int(b[3*i+1]>>4), int(b[3*i+1]&15)
		if h < 1 || h > 4 || v < 1 || v > 4 {
			return nil, damaged("JPEG", "its frame header is damaged")
		}
		mostH, mostV = max(mostH, h), max(mostV, v)
	}
	for i := range count {
		h, v := int(b[3*i+1]>>4), int(b[3*i+1]&15)
		if count == 1 {
			h, v, mostH, mostV = 1, 1, 1, 1 // T.81, A.2.2
		}
		columns := (frame.width + 8*mostH - 1) / (8 * mostH) * h
		rows := (frame.height + 8*mostV - 1) / (8 * mostV) * v
		frame.components = append(frame.components, component{id: b[3*i], samples: 64 * int64(columns) * int64(rows)})
	}
	return frame, nil
}

// samples returns the number of samples of all components.
func (f *frame) samples() (n int64) {
	for _, c := range f.components {
		n += c.samples
	}
	return n
}

// firstScan sets whether the scan header at offset has all components.
func (f file) firstScan(offset int64, frame *frame) error {
	b, err := f.bytes(offset+4, 1)
	if err == nil {
		frame.whole = int(b[0]) == len(frame.components)
	}
	return err
}

// tail is how many bytes at a photo's end are searched for its end marker.
const tail = 4 << 10

// checkJPEG searches the last bytes for the end marker. It follows the scans
// from the picture's data if the marker is not there (phones append videos to
// photos, after the end marker) or if there may be many scans.
func (f file) checkJPEG(info Info, maxPixels int64) error {
	if info.frame.progressive || !info.frame.whole {
		return f.followScans(info, maxPixels)
	}
	from := max(info.body, f.size-tail)
	last, err := f.bytes(from, int(f.size-from))
	if err != nil {
		return err
	}
	if bytes.Contains(last, []byte{0xFF, markEOI}) {
		return nil
	}
	if from == info.body {
		return errEnds
	}
	return f.followScans(info, maxPixels)
}

// followScans reads up to the end marker and adds up the scans' work. It finds
// every scan that package jpeg does: within a scan, that package accepts no
// marker except the expected restart, and between scans, it searches for the
// next marker in the same way.
func (f file) followScans(info Info, maxPixels int64) error {
	r := bufio.NewReaderSize(io.NewSectionReader(f.r, info.body, f.size-info.body), 64<<10)
	err := info.frame.follow(r, maxPixels)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errEnds
	}
	return err
}

func (f *frame) follow(r *bufio.Reader, maxPixels int64) error {
	scans, work := 0, int64(0)
	for {
		marker, err := nextMarker(r)
		if err != nil {
			return err
		}
		switch {
		case marker == markEOI:
			return nil
		case standsAlone(marker):
			continue
		}
		var field [2]byte
		if _, err := io.ReadFull(r, field[:]); err != nil {
			return err
		}
		length := max(0, int(binary.BigEndian.Uint16(field[:]))-2)
		if marker == markSOS {
			header, err := r.Peek(min(length, 1+2*len(f.components)))
			if err != nil {
				return err
			}
			scans++
			work += f.scanned(header)
			if err := f.checkScans(scans, work, maxPixels); err != nil {
				return err
			}
		}
		if _, err := r.Discard(length); err != nil {
			return err
		}
	}
}

// nextMarker reads up to the next marker, past the fill bytes before it.
func nextMarker(r *bufio.Reader) (byte, error) {
	for {
		if _, err := r.ReadSlice(0xFF); err == nil {
			break
		} else if !errors.Is(err, bufio.ErrBufferFull) {
			return 0, err
		}
	}
	for {
		if b, err := r.ReadByte(); err != nil || b != 0xFF {
			return b, err
		}
	}
}

// scanned returns the number of samples in a scan with the given header.
func (f *frame) scanned(header []byte) (n int64) {
	if len(header) == 0 {
		return 0
	}
	for i := 1; i+1 < len(header) && i < 1+2*int(header[0]); i += 2 {
		for _, c := range f.components {
			if c.id == header[i] {
				n += c.samples
			}
		}
	}
	return n
}

// checkScans refuses more scans than an ordinary photo has.
func (f *frame) checkScans(scans int, work, maxPixels int64) error {
	const advice = "Save it as an ordinary (baseline) JPEG and try again."
	switch {
	case !f.progressive && scans > len(f.components):
		// T.81, B.2.3: each component of a sequential picture is in one scan.
		return job.Invalid(job.CodeTooComplex, "The photo is a JPEG with more scans than its kind has. "+advice)
	case scans > maxScans:
		return job.Invalid(job.CodeTooComplex, "The photo is a progressive JPEG of more than %d scans, which takes too long to read. "+advice, maxScans)
	case work/maxPasses > maxPixels:
		return job.Invalid(job.CodeTooComplex, "The photo is a progressive JPEG whose %d or more scans take too long to read at its size. "+advice, scans)
	}
	return nil
}
