package photo_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gen3d/internal/job"
	"gen3d/internal/photo"
)

func load(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func probe(data []byte) (photo.Info, error) {
	return photo.Probe(bytes.NewReader(data), int64(len(data)))
}

func wantCode(t *testing.T, err error, code job.Code) {
	t.Helper()
	failure, ok := job.AsFailure(err)
	if !ok || failure.Code != code {
		t.Fatalf("the error is %v; want a failure with code %s", err, code)
	}
	if failure.Message == "" || !strings.HasSuffix(failure.Message, ".") {
		t.Errorf("the message %q is not a sentence", failure.Message)
	}
}

func TestProbeReturnsTypeSizeAndOrientation(t *testing.T) {
	for name, want := range map[string]photo.Info{
		"orientation-1.jpg":           {ContentType: photo.JPEG, Orientation: 1},
		"orientation-2.jpg":           {ContentType: photo.JPEG, Orientation: 2},
		"orientation-5.jpg":           {ContentType: photo.JPEG, Orientation: 5},
		"orientation-6.jpg":           {ContentType: photo.JPEG, Orientation: 6},
		"orientation-8.jpg":           {ContentType: photo.JPEG, Orientation: 8},
		"progressive.jpg":             {ContentType: photo.JPEG, Orientation: 1},
		"cmyk.jpg":                    {ContentType: photo.JPEG, Orientation: 1},
		"orientation-6.png":           {ContentType: photo.PNG, Orientation: 6},
		"palette.png":                 {ContentType: photo.PNG, Orientation: 1},
		"orientation-6-lossy.webp":    {ContentType: photo.WebP, Orientation: 6},
		"orientation-6-lossless.webp": {ContentType: photo.WebP, Orientation: 6},
		"alpha-lossy.webp":            {ContentType: photo.WebP, Orientation: 1},
		"alpha-lossless.webp":         {ContentType: photo.WebP, Orientation: 1},
	} {
		t.Run(name, func(t *testing.T) {
			data := load(t, name)
			got, err := probe(data)
			if err != nil {
				t.Fatal(err)
			}
			if got.ContentType != want.ContentType || got.Orientation != want.Orientation || got.Width != 48 || got.Height != 32 {
				t.Errorf("probed %+v; want %s of 48 × 32, orientation %d", got, want.ContentType, want.Orientation)
			}
			if err := got.CheckData(bytes.NewReader(data), int64(len(data)), 1e6); err != nil {
				t.Errorf("the whole file counts as incomplete: %v", err)
			}
		})
	}
}

func TestProbeReadsCameraPhotos(t *testing.T) {
	for name, want := range map[string][3]int{
		"coffee.jpg": {600, 400, 1}, "coffee-orientation-6.jpg": {600, 400, 6}, "cat.webp": {160, 106, 1},
	} {
		data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "photos", name))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := probe(data); err != nil || [3]int{got.Width, got.Height, got.Orientation} != want {
			t.Errorf("%s: probed %+v, %v; want %v", name, got, err, want)
		}
	}
}

func TestTruncationIsDetected(t *testing.T) {
	for _, name := range []string{"progressive.jpg", "orientation-6.jpg", "orientation-6.png", "orientation-6-lossy.webp", "alpha-lossless.webp"} {
		data := load(t, name)
		padding := 0
		if strings.HasSuffix(name, ".webp") {
			padding = 1 // a chunk's pad byte, which is part of the declared size
		}
		for n := 16; n < len(data)-padding; n++ {
			cut := data[:n]
			info, err := probe(cut)
			if err == nil {
				err = info.CheckData(bytes.NewReader(cut), int64(n), 1e6)
			}
			if failure, ok := job.AsFailure(err); !ok || failure.Code != job.CodeTruncated {
				t.Fatalf("%s cut to %d of %d bytes: %v; want %s", name, n, len(data), err, job.CodeTruncated)
			}
		}
	}
}

// A phone's motion photo has a video after the picture's end, which may be
// megabytes long.
func TestBytesAfterThePictureAreAccepted(t *testing.T) {
	trailer := bytes.Repeat([]byte("video "), 20_000)
	for _, name := range []string{"orientation-6.jpg", "progressive.jpg", "orientation-6.png"} {
		whole := append(load(t, name), trailer...)
		info, err := probe(whole)
		if err != nil {
			t.Fatal(err)
		}
		if err := info.CheckData(bytes.NewReader(whole), int64(len(whole)), 1e6); err != nil {
			t.Errorf("%s with a trailer: %v", name, err)
		}
		cut := append(load(t, name)[:len(load(t, name))-13], trailer...)
		wantCode(t, info.CheckData(bytes.NewReader(cut), int64(len(cut)), 1e6), job.CodeTruncated)
	}
}

func TestEndOfAThumbnailIsNotTheEndOfThePhoto(t *testing.T) {
	data := withSegments(load(t, "orientation-1.jpg"), []byte("thumbnail \xff\xd8 \xff\xd9"))
	cut := data[:len(data)-2]
	info, err := probe(cut)
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, info.CheckData(bytes.NewReader(cut), int64(len(cut)), 1e6), job.CodeTruncated)
}

// withSegments inserts APP2 segments after the SOI marker.
func withSegments(jpeg []byte, payloads ...[]byte) []byte {
	out := append([]byte{}, jpeg[:2]...)
	for _, p := range payloads {
		out = append(out, 0xFF, 0xE2)
		out = binary.BigEndian.AppendUint16(out, uint16(len(p)+2))
		out = append(out, p...)
	}
	return append(out, jpeg[2:]...)
}

// counting reads from memory and counts the requested bytes.
type counting struct {
	*bytes.Reader
	bytes int64
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.bytes += int64(len(p))
	return c.Reader.ReadAt(p, off)
}

func TestProbeSkipsLargeSegments(t *testing.T) {
	segments := make([][]byte, 30)
	for i := range segments {
		segments[i] = make([]byte, 65_000)
	}
	data := withSegments(load(t, "orientation-6.jpg"), segments...)
	r := &counting{Reader: bytes.NewReader(data)}
	info, err := photo.Probe(r, int64(len(data)))
	if err != nil || info.Width != 48 || info.Orientation != 6 {
		t.Fatalf("probed %+v, %v", info, err)
	}
	if r.bytes > 4096 {
		t.Errorf("read %d bytes of %d", r.bytes, len(data))
	}
	for range 6 { // 12 MB of segments
		segments = append(segments, segments[:30]...)
	}
	_, err = probe(withSegments(load(t, "orientation-6.jpg"), segments...))
	wantCode(t, err, job.CodeNotAnImage)
}

// bomb returns a small PNG that declares width × height pixels and is otherwise
// valid.
func bomb(width, height uint32) []byte {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, data []byte) {
		_ = binary.Write(&b, binary.BigEndian, uint32(len(data)))
		body := append([]byte(kind), data...)
		b.Write(body)
		_ = binary.Write(&b, binary.BigEndian, crc32.ChecksumIEEE(body))
	}
	header := binary.BigEndian.AppendUint32(nil, width)
	header = binary.BigEndian.AppendUint32(header, height)
	chunk("IHDR", append(header, 8, 6, 0, 0, 0))
	chunk("IDAT", []byte("\x78\x9c\x03\x00\x00\x00\x00\x01"))
	chunk("IEND", nil)
	return b.Bytes()
}

func TestPictureBombIsRefusedByItsHeader(t *testing.T) {
	for _, side := range []uint32{50_000, 1<<31 - 1} {
		data := bomb(side, side)
		info, err := probe(data)
		if err != nil {
			t.Fatal(err)
		}
		wantCode(t, job.DefaultLimits().CheckSize(info.Width, info.Height), job.CodeTooManyPixels)
		_, err = photo.Decode(context.Background(), data, photo.PNG, 1, job.DefaultLimits().MaxPixels)
		wantCode(t, err, job.CodeTooManyPixels)
	}
}

func TestInvalidFilesAreRefused(t *testing.T) {
	jpg := load(t, "orientation-1.jpg")
	arithmetic := bytes.Replace(jpg, []byte{0xFF, 0xC0}, []byte{0xFF, 0xC9}, 1)
	deep := bytes.Replace(jpg, []byte{0xFF, 0xC0, 0, 17, 8}, []byte{0xFF, 0xC0, 0, 17, 12}, 1)
	for name, test := range map[string]struct {
		data []byte
		code job.Code
		says string
	}{
		"text":                {[]byte("this is not a picture at all"), job.CodeNotAnImage, "not a picture"},
		"one byte":            {[]byte("x"), job.CodeNotAnImage, "not a picture"},
		"zeros":               {make([]byte, 4096), job.CodeNotAnImage, "not a picture"},
		"a GIF":               {[]byte("GIF89a\x10\x00\x10\x00\x00\x00\x00;    "), job.CodeWrongType, "GIF"},
		"a HEIC":              {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), job.CodeWrongType, "HEIC"},
		"an AVIF":             {[]byte("\x00\x00\x00\x1cftypavif\x00\x00\x00\x00mif1"), job.CodeWrongType, "AVIF"},
		"a TIFF":              {[]byte("II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), job.CodeWrongType, "TIFF"},
		"an animated WebP":    {load(t, "animated.webp"), job.CodeWrongType, "animated"},
		"an arithmetic JPEG":  {arithmetic, job.CodeNotAnImage, "arithmetic"},
		"a 12-bit JPEG":       {deep, job.CodeNotAnImage, "8 bits"},
		"a JPEG without size": {append([]byte("\xff\xd8\xff\xda\x00\x02"), make([]byte, 64)...), job.CodeNotAnImage, "size"},
		"a PNG without IHDR":  {append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x00IDAT"), make([]byte, 64)...), job.CodeNotAnImage, "size"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := probe(test.data)
			wantCode(t, err, test.code)
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("%q does not say %q", err, test.says)
			}
		})
	}
}

func TestNameAndContentTypeAreCheckedAgainstTheBytes(t *testing.T) {
	info, err := probe(load(t, "palette.png"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.png", "a.PNG", "a", "a.b"} {
		if err := info.CheckName(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	err = info.CheckName("holiday.jpg")
	wantCode(t, err, job.CodeWrongType)
	if want := "The file is named .jpg but is a PNG picture; rename it and try again."; err.Error() != want {
		t.Errorf("the message is %q; want %q", err, want)
	}
	for _, declared := range []string{"image/png", "Image/PNG; q=1", "", "binary/octet-stream", "application/x-www-form-urlencoded"} {
		if err := info.CheckContentType(declared); err != nil {
			t.Errorf("%s: %v", declared, err)
		}
	}
	wantCode(t, info.CheckContentType("image/webp"), job.CodeWrongType)
	jpg, err := probe(load(t, "gray.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	if err := jpg.CheckContentType("image/jpg"); err != nil {
		t.Error(err)
	}
}

var errBroken = errors.New("the network is gone")

type broken struct{ after int64 }

func (b broken) ReadAt(p []byte, off int64) (int, error) {
	if off >= b.after {
		return 0, errBroken
	}
	return copy(p, "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"), nil
}

func TestReadErrorIsNotAFailureOfThePhoto(t *testing.T) {
	for _, after := range []int64{0, 8} {
		_, err := photo.Probe(broken{after}, 1000)
		if _, ok := job.AsFailure(err); ok || !errors.Is(err, errBroken) {
			t.Errorf("the error is %v", err)
		}
	}
}

// near reports whether two colors are equal within the error of lossy
// compression.
func near(a, b [4]byte) bool {
	for i := range a {
		if d := int(a[i]) - int(b[i]); d < -40 || d > 40 {
			return false
		}
	}
	return true
}

func at(m *image.NRGBA, x, y int) [4]byte { return [4]byte(m.Pix[m.PixOffset(x, y):][:4]) }

func TestDecodeAppliesOrientation(t *testing.T) {
	red, green := [4]byte{255, 0, 0, 255}, [4]byte{0, 255, 0, 255}
	blue, white := [4]byte{0, 0, 255, 255}, [4]byte{255, 255, 255, 255}
	names := []string{"orientation-6.png", "orientation-6-lossy.webp", "orientation-6-lossless.webp", "progressive.jpg", "cmyk.jpg", "palette.png"}
	for o := 1; o <= 8; o++ {
		names = append(names, fmt.Sprintf("orientation-%d.jpg", o))
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			data := load(t, name)
			info, err := probe(data)
			if err != nil {
				t.Fatal(err)
			}
			p, err := photo.Decode(context.Background(), data, info.ContentType, info.Orientation, 1e6)
			if err != nil {
				t.Fatal(err)
			}
			if size := p.Image.Bounds(); size != image.Rect(0, 0, 48, 32) || p.Image.Stride != 4*48 || p.Alpha {
				t.Fatalf("the picture has %v, stride %d, alpha %v", size, p.Image.Stride, p.Alpha)
			}
			got := [4][4]byte{at(p.Image, 10, 6), at(p.Image, 40, 6), at(p.Image, 10, 26), at(p.Image, 40, 26)}
			for i, want := range [4][4]byte{red, green, blue, white} {
				if !near(got[i], want) {
					t.Errorf("the quadrants are %v; want red, green, blue, white", got)
				}
			}
		})
	}
}

func TestDecodeKeepsAlpha(t *testing.T) {
	for _, name := range []string{"alpha.png", "alpha-lossy.webp", "alpha-lossless.webp", "alpha-lossless-exif.webp", "palette-transparent.png"} {
		data := load(t, name)
		info, err := probe(data)
		if err != nil {
			t.Fatal(err)
		}
		p, err := photo.Decode(context.Background(), data, info.ContentType, 6, 1e6)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		// Rotated by 90°, the upper right quadrant is the lower right one.
		if !p.Alpha || at(p.Image, 25, 40)[3] != 0 || at(p.Image, 25, 10)[3] != 255 || at(p.Image, 5, 40)[3] != 255 {
			t.Errorf("%s: alpha %v, %v, %v", name, p.Alpha, at(p.Image, 25, 40), at(p.Image, 25, 10))
		}
	}
}

func TestDecodeConvertsDeepAndGrayPictures(t *testing.T) {
	var deep, deepAlpha bytes.Buffer
	m := image.NewNRGBA64(image.Rect(0, 0, 70, 70))
	for i := range m.Pix {
		m.Pix[i] = 0xFF
	}
	copy(m.Pix, []byte{0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC})
	if err := png.Encode(&deep, m); err != nil {
		t.Fatal(err)
	}
	m.Pix[6], m.Pix[7] = 0x80, 0x80
	if err := png.Encode(&deepAlpha, m); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		data  []byte
		first [4]byte
		alpha bool
	}{
		"16 bits":            {deep.Bytes(), [4]byte{0x12, 0x56, 0x9A, 255}, false},
		"16 bits with alpha": {deepAlpha.Bytes(), [4]byte{0x12, 0x56, 0x9A, 0x80}, true},
		"gray 16 bits":       {load(t, "gray16.png"), [4]byte{40000 >> 8, 40000 >> 8, 40000 >> 8, 255}, false},
		"gray":               {load(t, "gray.png"), [4]byte{76, 76, 76, 255}, false},
	} {
		p, err := photo.Decode(context.Background(), test.data, photo.PNG, 1, 1e6)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if at(p.Image, 0, 0) != test.first || p.Alpha != test.alpha {
			t.Errorf("%s: first pixel %v, alpha %v; want %v, %v", name, at(p.Image, 0, 0), p.Alpha, test.first, test.alpha)
		}
	}
}

func TestDecodeRefusesInvalidPhotos(t *testing.T) {
	damaged := load(t, "orientation-6.png")
	damaged[len(damaged)-20] ^= 0xFF // in IDAT, so that its checksum fails
	cut := load(t, "progressive.jpg")
	for name, test := range map[string]struct {
		data        []byte
		contentType string
		code        job.Code
	}{
		"cut":            {cut[:len(cut)-20], photo.JPEG, job.CodeTruncated},
		"damaged":        {damaged, photo.PNG, job.CodeNotAnImage},
		"another type":   {load(t, "palette.png"), photo.JPEG, job.CodeWrongType},
		"a type unknown": {load(t, "palette.png"), "application/pdf", job.CodeWrongType},
		"empty":          {nil, photo.PNG, job.CodeNotAnImage},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := photo.Decode(context.Background(), test.data, test.contentType, 1, 1e6)
			wantCode(t, err, test.code)
		})
	}
}

func FuzzProbe(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*g")
	if err != nil {
		f.Fatal(err)
	}
	webp, _ := filepath.Glob("testdata/*.webp")
	for _, name := range append(files, webp...) {
		f.Add(load(f, filepath.Base(name)))
	}
	f.Add(bomb(1<<31-1, 1<<31-1))
	f.Fuzz(func(t *testing.T, data []byte) {
		info, err := probe(data)
		if err != nil {
			if _, ok := job.AsFailure(err); !ok {
				t.Fatalf("bytes in memory gave a read error: %v", err)
			}
			return
		}
		if info.Orientation < 1 || info.Orientation > 8 || info.Width < 0 || info.Height < 0 {
			t.Fatalf("probed %+v", info)
		}
		if err := info.CheckData(bytes.NewReader(data), int64(len(data)), 1e6); err != nil {
			wantCode(t, err, job.CodeTruncated)
		}
		if p, err := photo.Decode(context.Background(), data, info.ContentType, info.Orientation, 1<<16); err == nil {
			if size := p.Image.Bounds().Size(); size.X != info.Width || size.Y != info.Height {
				t.Fatalf("probed %d × %d, decoded %v", info.Width, info.Height, size)
			}
		}
	})
}

func BenchmarkDecode12Megapixels(b *testing.B) {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420), nil); err != nil {
		b.Fatal(err)
	}
	b.Run("stdlib alone", func(b *testing.B) {
		for b.Loop() {
			if _, err := jpeg.Decode(bytes.NewReader(file.Bytes())); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, orientation := range []int{1, 3, 6} {
		b.Run(fmt.Sprintf("orientation %d", orientation), func(b *testing.B) {
			for b.Loop() {
				if _, err := photo.Decode(context.Background(), file.Bytes(), photo.JPEG, orientation, 50e6); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
