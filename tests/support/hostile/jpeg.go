package hostile

import (
	"bytes"
	"encoding/binary"
)

// JPEG describes a picture whose every scan is empty.
type JPEG struct {
	Width, Height int
	// Scans of the first component, after the one of Interleaved.
	Scans int
	// Components is 1 for gray and 3 for color; 0 means 1.
	Components int
	// Baseline makes a sequential picture, which has no end-of-band runs: a
	// scan takes two bits per block.
	Baseline bool
	// Refine makes the scans refinements of all coefficients (T.81, G.1.2.3),
	// which visit every coefficient of every block.
	Refine bool
	// Interleaved adds a scan of all components before the others.
	Interleaved bool
	// Between is written before each scan: segments, fill bytes.
	Between []byte
	// NoEnd omits the end marker.
	NoEnd bool
}

// Bytes encodes the picture. A progressive scan of n blocks takes about 12 +
// n/14,000 bytes, because one end-of-band run skips up to 32,767 blocks (T.81,
// G.1.2.2): the flaw LJT-01-003 of
// https://libjpeg-turbo.org/pmwiki/uploads/About/TwoIssueswiththeJPEGStandard.pdf
func (p JPEG) Bytes() []byte {
	components := max(1, p.Components)
	var b bytes.Buffer
	b.WriteString("\xff\xd8")
	segment(&b, 0xDB, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...))
	frame := byte(0xC2)
	if p.Baseline {
		frame = 0xC0
	}
	header := []byte{8, byte(p.Height >> 8), byte(p.Height), byte(p.Width >> 8), byte(p.Width), byte(components)}
	for c := range components {
		header = append(header, byte(c+1), 0x11, 0)
	}
	segment(&b, frame, header)
	// Table DC 0: category 0 in one bit. Table AC 0: the end-of-band runs EOB0
	// to EOB14 in four bits each; in a sequential scan EOB0 alone in one.
	segment(&b, 0xC4, append([]byte{0x00, 1}, make([]byte, 16)...))
	ac := []byte{0x10, 0, 0, 0, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	for run := range 15 {
		ac = append(ac, byte(run)<<4)
	}
	if p.Baseline {
		ac = append([]byte{0x10, 1}, make([]byte, 16)...)
	}
	segment(&b, 0xC4, ac)

	blocks := ((p.Width + 7) / 8) * ((p.Height + 7) / 8)
	if p.Interleaved {
		scan := []byte{byte(components)}
		for c := range components {
			scan = append(scan, byte(c+1), 0)
		}
		bits := 1 // a block: the difference of its DC coefficient
		if p.Baseline {
			scan, bits = append(scan, 0, 63, 0), 2
		} else {
			scan = append(scan, 0, 0, 0)
		}
		segment(&b, 0xDA, scan)
		b.Write(make([]byte, (bits*components*blocks+7)/8))
	}
	scan, data := []byte{1, 1, 0, 1, 63, 0}, runs(blocks)
	switch {
	case p.Baseline:
		scan, data = []byte{1, 1, 0, 0, 63, 0}, make([]byte, (2*blocks+7)/8)
	case p.Refine:
		scan[5] = 0x10
	}
	for range p.Scans {
		b.Write(p.Between)
		segment(&b, 0xDA, scan)
		b.Write(data)
	}
	if !p.NoEnd {
		b.WriteString("\xff\xd9")
	}
	return b.Bytes()
}

func segment(b *bytes.Buffer, marker byte, payload []byte) {
	b.Write([]byte{0xFF, marker})
	_ = binary.Write(b, binary.BigEndian, uint16(len(payload)+2))
	b.Write(payload)
}

// runs encodes end-of-band runs over n blocks.
func runs(n int) []byte {
	var out []byte
	var bits, count uint64
	put := func(value uint64, width int) {
		bits, count = bits<<width|value, count+uint64(width)
		for ; count >= 8; count -= 8 {
			next := byte(bits >> (count - 8))
			if out = append(out, next); next == 0xFF {
				out = append(out, 0)
			}
		}
	}
	for n > 0 {
		order := 14
		for 1<<order > n {
			order--
		}
		run := min(n, 2<<order-1)
		put(uint64(order), 4)
		put(uint64(run-1<<order), order)
		n -= run
	}
	if count > 0 {
		put(1<<(8-count)-1, int(8-count))
	}
	return out
}
