package hostile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/adler32"
	"hash/crc32"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// PNG encodes a black picture of 16 bits per color with alpha, interlaced: the
// kind of PNG that takes the most memory and time per pixel. Its file has a
// thousandth of the bytes of its picture.
func PNG(width, height int) []byte {
	rows := 0 // bytes of all rows of the seven passes (PNG, section 8.1)
	for _, pass := range [7][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}} {
		w, h := (width-pass[0]+pass[2]-1)/pass[2], (height-pass[1]+pass[3]-1)/pass[3]
		if w > 0 {
			rows += h * (1 + 8*w)
		}
	}
	var data bytes.Buffer
	z := zlib.NewWriter(&data)
	for zeros := make([]byte, 1<<16); rows > 0; rows -= len(zeros) {
		_, _ = z.Write(zeros[:min(rows, len(zeros))]) // never fails
	}
	_ = z.Close()
	return pngFile(width, height, [5]byte{16, 6, 0, 0, 1}, data.Bytes())
}

// EmptyBlocksPNG encodes a gray picture with n empty compressed blocks before
// its data, each with dynamic Huffman tables (RFC 1951, section 3.2.7).
func EmptyBlocksPNG(width, height, n int) []byte {
	var w deflate
	w.out = []byte{0x78, 0x01}
	for range n {
		w.emptyBlock()
	}
	rows := make([]byte, height*(width+1))
	for rest := rows; len(rest) > 0; {
		part := rest[:min(len(rest), 0xFFFF)]
		rest = rest[len(part):]
		w.put(0, 3) // a stored block, not the last
		w.align()
		w.out = binary.LittleEndian.AppendUint16(w.out, uint16(len(part)))
		w.out = binary.LittleEndian.AppendUint16(w.out, ^uint16(len(part)))
		w.out = append(w.out, part...)
	}
	w.put(0b011, 3) // the last block, with fixed tables: its end alone
	w.put(0, 7)
	w.align()
	w.out = binary.BigEndian.AppendUint32(w.out, adler32.Checksum(rows))
	return pngFile(width, height, [5]byte{8, 0, 0, 0, 0}, w.out)
}

// AncillaryPNG inserts chunks before the data of a PNG.
func AncillaryPNG(png []byte, kind string, payloads ...[]byte) []byte {
	const header = len(pngSignature) + 25
	out := bytes.Clone(png[:header])
	for _, p := range payloads {
		out = append(out, chunk(kind, p)...)
	}
	return append(out, png[header:]...)
}

// Zeros returns n zeros compressed in the format of zTXt and iCCP chunks.
func Zeros(n int) []byte {
	var b bytes.Buffer
	b.WriteString("Comment\x00\x00")
	z := zlib.NewWriter(&b)
	_, _ = z.Write(make([]byte, n)) // never fails
	_ = z.Close()
	return b.Bytes()
}

func pngFile(width, height int, kind [5]byte, data []byte) []byte {
	header := binary.BigEndian.AppendUint32(nil, uint32(width))
	header = binary.BigEndian.AppendUint32(header, uint32(height))
	out := []byte(pngSignature)
	out = append(out, chunk("IHDR", append(header, kind[:]...))...)
	out = append(out, chunk("IDAT", data)...)
	return append(out, chunk("IEND", nil)...)
}

func chunk(kind string, data []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// deflate writes bits, the least significant first.
type deflate struct {
	out         []byte
	bits, count uint
}

func (w *deflate) put(value, width uint) {
	w.bits |= value << w.count
	for w.count += width; w.count >= 8; w.count -= 8 {
		w.out = append(w.out, byte(w.bits))
		w.bits >>= 8
	}
}

func (w *deflate) align() {
	if w.count > 0 {
		w.put(0, 8-w.count)
	}
}

// emptyBlock writes a block with dynamic tables and only the end-of-block code.
func (w *deflate) emptyBlock() {
	w.put(0b100, 3) // not the last, dynamic tables
	w.put(0, 5)     // 257 literal and length codes
	w.put(0, 5)     // 1 distance code
	w.put(14, 4)    // 18 code length codes: 16 17 18 0 8 7 9 6 10 5 11 4 12 3 13 2 14 1
	for _, symbol := range []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1} {
		switch symbol {
		case 1, 18:
			w.put(1, 3) // code length 1: symbol 1 is bit 0, symbol 18 is bit 1
		default:
			w.put(0, 3)
		}
	}
	w.put(1, 1)
	w.put(138-11, 7) // 138 zeros
	w.put(1, 1)
	w.put(117-11, 7) // 117 zeros: literals 0 to 254 have no code
	w.put(0, 1)      // literal 255: length 1
	w.put(0, 1)      // end of block: length 1
	w.put(0, 1)      // distance 0: length 1
	w.put(1, 1)      // end of block
}
