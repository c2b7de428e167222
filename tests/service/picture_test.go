package service_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"testing"

	"golang.org/x/image/draw"
)

// enlarge scales a JPEG up to width × height pixels.
func enlarge(t *testing.T, data []byte, width, height int) []byte {
	t.Helper()
	small, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	big := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.BiLinear.Scale(big, big.Bounds(), small, small.Bounds(), draw.Src, nil)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, big, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func tinyPNG(t *testing.T, width, height int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewRGBA(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// grayPNG returns a PNG with one 8-bit channel, whose left half is white.
func grayPNG(t *testing.T, width, height int) []byte {
	t.Helper()
	mask := image.NewGray(image.Rect(0, 0, width, height))
	draw.Draw(mask, image.Rect(0, 0, width/2, height), image.White, image.Point{}, draw.Src)
	var out bytes.Buffer
	if err := png.Encode(&out, mask); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// bombPNG returns a PNG of a few bytes whose header claims width × height
// pixels.
func bombPNG(t *testing.T, width, height uint32) []byte {
	t.Helper()
	data := tinyPNG(t, 100, 100)
	header := data[12 : 12+4+13] // the IHDR chunk's type and data
	binary.BigEndian.PutUint32(header[4:], width)
	binary.BigEndian.PutUint32(header[8:], height)
	binary.BigEndian.PutUint32(data[12+4+13:], crc32.ChecksumIEEE(header))
	return data
}
