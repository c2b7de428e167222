package photo_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
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
