package hostile

import "encoding/binary"

// LosslessWebP encodes a picture of width × height pixels (at most 16384 each)
// in a few dozen bytes: every Huffman code has one symbol and so takes no bits,
// and three transforms process all pixels again.
func LosslessWebP(width, height int) []byte { return riff(vp8l(width, height)) }

// ExtendedWebP encodes a canvas of width × height pixels with a picture of
// innerWidth × innerHeight, which is invalid unless the two are equal.
func ExtendedWebP(width, height, innerWidth, innerHeight int) []byte {
	canvas := make([]byte, 10)
	putUint24(canvas[4:], width-1)
	putUint24(canvas[7:], height-1)
	return riff(append(webpChunk("VP8X", canvas), vp8l(innerWidth, innerHeight)...))
}

// EXIFWebP encodes a picture with EXIF behind it.
func EXIFWebP(width, height int, exif []byte) []byte {
	canvas := make([]byte, 10)
	canvas[0] = 0x08 // the flag of EXIF
	putUint24(canvas[4:], width-1)
	putUint24(canvas[7:], height-1)
	chunks := append(webpChunk("VP8X", canvas), vp8l(width, height)...)
	return riff(append(chunks, webpChunk("EXIF", exif)...))
}

func putUint24(b []byte, n int) { b[0], b[1], b[2] = byte(n), byte(n>>8), byte(n>>16) }

func vp8l(width, height int) []byte {
	var w deflate // VP8L has the bit order of DEFLATE
	w.put(0x2F, 8)
	w.put(uint(width-1), 14)
	w.put(uint(height-1), 14)
	w.put(0, 1+3)
	trees := func() {
		for range 5 {
			w.put(1, 1) // simple
			w.put(0, 1) // one symbol
			w.put(0, 1) // of one bit
			w.put(0, 1) // 0
		}
	}
	for _, transform := range []uint{0, 1} { // predictor, cross color
		w.put(1, 1)
		w.put(transform, 2)
		w.put(0, 3) // tiles of 4 × 4 pixels
		w.put(0, 1) // no color cache
		trees()
	}
	w.put(1, 1)
	w.put(2, 2) // subtract green
	w.put(0, 1) // no more transforms
	w.put(0, 1) // no color cache
	w.put(0, 1) // one group of codes
	trees()
	w.align()
	return webpChunk("VP8L", append(w.out, 0, 0))
}

func webpChunk(kind string, data []byte) []byte {
	out := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(data)))
	if out = append(out, data...); len(data)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

func riff(chunks []byte) []byte {
	out := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(chunks)+4))
	return append(append(out, "WEBP"...), chunks...)
}
