package photo_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"gen3d/internal/job"
	"gen3d/internal/photo"
)

func encoded(t testing.TB, picture image.Image) []byte {
	t.Helper()
	var data bytes.Buffer
	if err := png.Encode(&data, picture); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

func grayMask(t testing.TB, width, height int) []byte {
	t.Helper()
	mask := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height / 2 {
		for x := range width / 2 {
			mask.SetGray(x, y, color.Gray{Y: 255})
		}
	}
	return encoded(t, mask)
}

// withHeader changes bytes of a PNG's first chunk and corrects its checksum.
func withHeader(data []byte, at int, value ...byte) []byte {
	data = bytes.Clone(data)
	copy(data[at:], value)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	return data
}

// withChunk inserts a chunk before a PNG's picture.
func withChunk(data []byte, kind string, content []byte) []byte {
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	chunk = append(append(chunk, kind...), content...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	return append(append(bytes.Clone(data[:33]), chunk...), data[33:]...)
}

func checkMask(data []byte, width, height int) error {
	return photo.CheckMask(bytes.NewReader(data), int64(len(data)), width, height)
}

func TestMasksOfThePicturesShapeAreAccepted(t *testing.T) {
	for _, size := range [][2]int{
		{600, 400}, {599, 400}, {600, 399}, {300, 200}, {301, 200}, {299, 200}, {300, 201}, {300, 199}, {96, 64}, {97, 65}, {512, 341}, {512, 342},
	} {
		if err := checkMask(grayMask(t, size[0], size[1]), 600, 400); err != nil {
			t.Errorf("%v: %v", size, err)
		}
	}
	if err := checkMask(grayMask(t, 40, 20), 40, 20); err != nil {
		t.Errorf("a mask of a tiny picture: %v", err)
	}
	gray := grayMask(t, 600, 400)
	if err := checkMask(withChunk(gray, "tEXt", []byte("Software\x00Paint")), 600, 400); err != nil {
		t.Errorf("a mask with a text: %v", err)
	}
}

func TestMasksThatCannotBeUsedAreRefusedWithTheReason(t *testing.T) {
	gray := grayMask(t, 600, 400)
	at := image.Rect(0, 0, 600, 400)
	large := func(side uint32) []byte {
		return withHeader(gray, 16, binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, side), side)...)
	}
	turned := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
	for name, test := range map[string]struct {
		data []byte
		says string
	}{
		"empty file":          {nil, "it is an empty file"},
		"text":                {[]byte("Dear reader, this is a letter, and not a short one."), "it is not a PNG picture"},
		"JPEG":                {load(t, "gray.jpg"), "it is not a PNG picture"},
		"5 MB":                {append(bytes.Clone(gray), make([]byte, 5<<20)...), "the limit is 4 MB"},
		"RGB":                 {encoded(t, image.NewRGBA(at)), "with colors; save it with one channel"},
		"RGBA":                {encoded(t, image.NewNRGBA(at)), "with colors; save it with one channel"},
		"gray and alpha":      {withHeader(gray, 25, 4), "with an alpha channel"},
		"palette":             {encoded(t, image.NewPaletted(at, color.Palette{color.Black, color.White})), "with a palette"},
		"1 bit":               {withHeader(gray, 24, 1), "with 1 bit a pixel"},
		"16 bits":             {encoded(t, image.NewGray16(at)), "with 16 bits a pixel"},
		"a transparent color": {withChunk(gray, "tRNS", []byte{0, 0}), "with a transparent color"},
		"turned by EXIF":      {withChunk(gray, "eXIf", turned), "it has an EXIF orientation"},
		"larger":              {grayMask(t, 601, 400), "it has 601 × 400 pixels and the photo 600 × 400"},
		"turned":              {grayMask(t, 400, 600), "it has 400 × 600 pixels and the photo 600 × 400"},
		"another shape":       {grayMask(t, 300, 204), "it has 300 × 204 pixels and the photo 600 × 400"},
		"square":              {grayMask(t, 256, 256), "smaller with the same shape"},
		"tiny":                {grayMask(t, 30, 20), "each side needs at least 64"},
		"bomb":                {large(100_000), "it has 100000 × 100000 pixels"},
		"no pixels":           {large(0), "it has 0 × 0 pixels"},
		"no picture":          {gray[:33], "incomplete"},
		"cut in its header":   {gray[:20], "incomplete"},
		"cut in its picture":  {gray[:len(gray)-13], "incomplete"},
		"unknown filter":      {withHeader(gray, 27, 1), "damaged"},
		"damaged header":      {append(append(bytes.Clone(gray[:29]), 0, 0, 0, 0), gray[33:]...), "damaged"},
		"an end too early":    {append(bytes.Clone(gray[:33]), gray[len(gray)-12:]...), "damaged"},
	} {
		err := checkMask(test.data, 600, 400)
		if failure, ok := job.AsFailure(err); !ok || failure.Code != job.CodeBadMask || !strings.Contains(failure.Message, test.says) {
			t.Errorf("%s: %v; want %s with %q", name, err, job.CodeBadMask, test.says)
		}
	}
}

// counted counts the bytes that are read.
type counted struct {
	io.ReaderAt
	bytes int
}

func (c *counted) ReadAt(p []byte, offset int64) (int, error) {
	c.bytes += len(p)
	return c.ReaderAt.ReadAt(p, offset)
}

func TestAMasksPictureIsNotRead(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	noise := image.NewGray(image.Rect(0, 0, 1200, 800))
	for i := range noise.Pix {
		noise.Pix[i] = byte(random.Uint32())
	}
	data := encoded(t, noise)
	r := &counted{ReaderAt: bytes.NewReader(data)}
	if err := photo.CheckMask(r, int64(len(data)), 1200, 800); err != nil {
		t.Fatal(err)
	}
	if len(data) < 16<<10 || r.bytes > 8<<10 {
		t.Errorf("%d of %d bytes are read", r.bytes, len(data))
	}
}

func FuzzCheckMask(f *testing.F) {
	gray := grayMask(f, 96, 64)
	f.Add(gray, uint16(96), uint16(64))
	f.Add(gray, uint16(600), uint16(400))
	f.Add(withChunk(gray, "tRNS", []byte{0, 0}), uint16(96), uint16(64))
	f.Add(withHeader(gray, 28, 1), uint16(96), uint16(64))
	f.Add(encoded(f, image.NewRGBA(image.Rect(0, 0, 96, 64))), uint16(96), uint16(64))
	f.Fuzz(func(t *testing.T, data []byte, width, height uint16) {
		err := checkMask(data, int(width), int(height))
		if err != nil {
			if failure, ok := job.AsFailure(err); !ok || failure.Code != job.CodeBadMask || failure.Message == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		config, err := png.DecodeConfig(bytes.NewReader(data))
		if err != nil || config.ColorModel != color.GrayModel || config.Width > int(width) || config.Height > int(height) {
			t.Fatalf("accepted is %+v (%v) for %d × %d", fmt.Sprint(config.Width, config.Height), err, width, height)
		}
	})
}
