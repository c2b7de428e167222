package photo_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/internal/photo"
	"gen3d/tests/support/hostile"
)

// checked probes a photo and checks its data, as Extract does.
func checked(data []byte, maxPixels int64) (photo.Info, error) {
	info, err := probe(data)
	if err == nil {
		err = info.CheckData(bytes.NewReader(data), int64(len(data)), maxPixels)
	}
	return info, err
}

func TestJPEGWithTooManyScansIsRefused(t *testing.T) {
	const most = 50_000_000
	small := hostile.JPEG{Width: 64, Height: 64}
	scans := func(p hostile.JPEG, n int) hostile.JPEG { p.Scans = n; return p }
	large := hostile.JPEG{Width: 7056, Height: 7056}
	color := hostile.JPEG{Width: 64, Height: 64, Components: 3, Interleaved: true}
	baseline := hostile.JPEG{Width: 64, Height: 64, Baseline: true}
	between := func(p hostile.JPEG, b string) hostile.JPEG { p.Between = []byte(b); return p }
	table := "\xff\xc4\x00\x14\x10\x01" + strings.Repeat("\x00", 16)
	for name, test := range map[string]struct {
		picture hostile.JPEG
		says    string // empty for a picture that is accepted
	}{
		"12,000 scans of 50 megapixels":   {scans(large, 12_000), "at its size"},
		"12,000 refinements":              {hostile.JPEG{Width: 7056, Height: 7056, Scans: 12_000, Refine: true}, "at its size"},
		"41 scans of 50 megapixels":       {scans(large, 41), "at its size"},
		"40 scans of 50 megapixels":       {scans(large, 40), ""},
		"101 small scans":                 {scans(small, 101), "more than 100 scans"},
		"100 small scans":                 {scans(small, 100), ""},
		"100 and one of all components":   {scans(color, 100), "more than 100 scans"},
		"tables between":                  {between(scans(small, 101), table), "more than 100 scans"},
		"restart markers between":         {between(scans(small, 101), "\xff\xd0\xff\xd7"), "more than 100 scans"},
		"fill bytes and stray data":       {between(scans(small, 101), "\xff\x00stray\xff\xff\xff"), "more than 100 scans"},
		"a comment that looks like scans": {between(scans(small, 50), "\xff\xfe\x00\x12\xff\xda\x00\x08\xff\xda\x00\x08\xff\xda\x00\x08\xff\xda\x00\x08"), ""},
		"a comment between":               {between(scans(small, 101), "\xff\xfe\x00\x04ok"), "more than 100 scans"},
		"no end":                          {hostile.JPEG{Width: 64, Height: 64, Scans: 101, NoEnd: true}, "more than 100 scans"},
		"two scans of a gray baseline":    {scans(baseline, 2), "more scans than its kind has"},
		"one scan of a gray baseline":     {scans(baseline, 1), ""},
	} {
		t.Run(name, func(t *testing.T) {
			data := test.picture.Bytes()
			_, err := photo.Decode(context.Background(), data, photo.JPEG, 1, most)
			if test.says == "" {
				if err != nil {
					t.Errorf("decoding: %v", err)
				}
				if _, err := checked(data, most); err != nil {
					t.Errorf("checking: %v", err)
				}
				return
			}
			wantCode(t, err, job.CodeTooComplex)
			if !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "Save it as an ordinary (baseline) JPEG") {
				t.Errorf("decoding is refused with %q", err)
			}
			if test.picture.Baseline {
				return // CheckData does not read it completely
			}
			_, err = checked(data, most)
			wantCode(t, err, job.CodeTooComplex)
		})
	}
}

// A baseline JPEG with one scan per component is read completely, so that
// further scans are detected before it is queued.
func TestBaselineJPEGWithSeveralScansIsReadToItsEnd(t *testing.T) {
	data := hostile.JPEG{Width: 64, Height: 64, Components: 3, Baseline: true, Scans: 4}.Bytes()
	_, err := checked(data, 1e6)
	wantCode(t, err, job.CodeTooComplex)
}

func TestOrdinaryJPEGIsReadPartially(t *testing.T) {
	data := hostile.JPEG{Width: 1600, Height: 1600, Components: 3, Baseline: true, Interleaved: true}.Bytes()
	info, err := probe(data)
	if err != nil {
		t.Fatal(err)
	}
	r := &counting{Reader: bytes.NewReader(data)}
	if err := info.CheckData(r, int64(len(data)), 50e6); err != nil || r.bytes > 8<<10 {
		t.Errorf("read %d bytes of %d, %v", r.bytes, len(data), err)
	}
}

func TestWebPWithAnotherSizeThanItsCanvasIsRefused(t *testing.T) {
	for name, data := range map[string][]byte{
		"larger":    hostile.ExtendedWebP(64, 64, 16384, 16384),
		"smaller":   hostile.ExtendedWebP(100, 100, 99, 100),
		"no chunks": hostile.ExtendedWebP(64, 64, 64, 64)[:30],
	} {
		if name == "no chunks" {
			data[4] = 22 // what RIFF declares
		}
		_, err := probe(data)
		wantCode(t, err, job.CodeNotAnImage)
	}
	if _, err := probe(hostile.ExtendedWebP(64, 64, 64, 64)); err != nil {
		t.Error(err)
	}
}

// largest returns the accepted pictures of 50 megapixels that take the most
// work and memory.
func largest() map[string][]byte {
	const side = 7056
	return map[string][]byte{
		"progressive JPEG":         hostile.JPEG{Width: side, Height: side, Scans: 40, Refine: true}.Bytes(),
		"progressive JPEG, 4:4:4":  hostile.JPEG{Width: side, Height: side, Components: 3, Interleaved: true, Scans: 37, Refine: true}.Bytes(),
		"baseline JPEG, 4:4:4":     hostile.JPEG{Width: side, Height: side, Components: 3, Interleaved: true, Baseline: true}.Bytes(),
		"interlaced PNG of 64 bit": hostile.PNG(side, side),
		"PNG of empty blocks":      hostile.EmptyBlocksPNG(side, side/10, 1_200_000),
		"lossless WebP":            hostile.LosslessWebP(side, side),
	}
}

// calls is a context that ends after a number of calls of Err.
type calls struct {
	context.Context
	most  atomic.Int64
	asked atomic.Int64
}

func endsAfter(t *testing.T, most int64) *calls {
	c := &calls{Context: t.Context()}
	c.most.Store(most)
	return c
}

func (c *calls) Err() error {
	if c.asked.Add(1) > c.most.Load() {
		return context.Canceled
	}
	return nil
}

func (c *calls) Value(any) any { return nil }

var errEnough = errors.New("enough")

func TestDecodeEndsWithItsContext(t *testing.T) {
	for name, data := range map[string][]byte{
		"JPEG":          hostile.JPEG{Width: 512, Height: 512, Scans: 100, Refine: true}.Bytes(),
		"PNG":           hostile.EmptyBlocksPNG(512, 512, 1000),
		"WebP":          hostile.LosslessWebP(512, 512),
		"a camera's":    load(t, "orientation-6.jpg"),
		"a lossy WebP":  load(t, "orientation-6-lossy.webp"),
		"a palette PNG": load(t, "palette.png"),
	} {
		t.Run(name, func(t *testing.T) {
			info, err := checked(data, 1e6)
			if err != nil {
				t.Fatal(err)
			}
			ended, cancel := context.WithCancelCause(t.Context())
			cancel(errEnough)
			if _, err := photo.Decode(ended, data, info.ContentType, 1, 1e6); !errors.Is(err, errEnough) {
				t.Errorf("a context that had ended: %v", err)
			}
			// In the middle of the file, and before each of the last steps.
			whole := endsAfter(t, math.MaxInt64)
			if _, err := photo.Decode(whole, data, info.ContentType, 1, 1e6); err != nil {
				t.Fatal(err)
			}
			asked := whole.asked.Load()
			if least := min(int64(len(data)/64), 4); asked < least {
				t.Errorf("the context was checked %d times over %d bytes", asked, len(data))
			}
			for _, most := range []int64{1, asked / 2, asked - 1} {
				ctx := endsAfter(t, most)
				p, err := photo.Decode(ctx, data, info.ContentType, 1, 1e6)
				if _, ok := job.AsFailure(err); err == nil || ok || p != nil {
					t.Errorf("a context that ends after %d of %d checks: %v", most, asked, err)
				}
				// A check by each goroutine of the last step, and one after
				// each step.
				if more := ctx.asked.Load() - most; more > int64(runtime.GOMAXPROCS(0)+3) {
					t.Errorf("the decoder was given %d more parts of the file", more)
				}
			}
		})
	}
}

func TestDecodeMaskEndsWithItsContext(t *testing.T) {
	data := hostile.EmptyBlocksPNG(512, 512, 1000)
	if err := photo.CheckMask(bytes.NewReader(data), int64(len(data)), 512, 512); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(errEnough)
	if _, err := photo.DecodeMask(ended, data); !errors.Is(err, errEnough) {
		t.Errorf("a context that had ended: %v", err)
	}
	whole := endsAfter(t, math.MaxInt64)
	if _, err := photo.DecodeMask(whole, data); err != nil {
		t.Fatal(err)
	}
	asked := whole.asked.Load()
	if asked < int64(len(data)/64) {
		t.Errorf("the context was checked %d times over %d bytes", asked, len(data))
	}
	for _, most := range []int64{1, asked / 2, asked - 1} {
		ctx := endsAfter(t, most)
		if p, err := photo.DecodeMask(ctx, data); err == nil || p != nil {
			t.Errorf("a context that ends after %d of %d checks: %v", most, asked, err)
		}
		if more := ctx.asked.Load() - most; more > 8 {
			t.Errorf("the decoder was given %d more parts of the file", more)
		}
	}
}

func TestMemoryIsAnUpperBound(t *testing.T) {
	const side = 1024
	for name, data := range map[string][]byte{
		"progressive JPEG":        hostile.JPEG{Width: side, Height: side, Scans: 2}.Bytes(),
		"progressive JPEG, 4:4:4": hostile.JPEG{Width: side, Height: side, Components: 3, Interleaved: true, Scans: 1}.Bytes(),
		"baseline JPEG, 4:4:4":    hostile.JPEG{Width: side, Height: side, Components: 3, Interleaved: true, Baseline: true}.Bytes(),
		"interlaced PNG":          hostile.PNG(side, side),
		"lossless WebP":           hostile.LosslessWebP(side, side),
	} {
		t.Run(name, func(t *testing.T) {
			info, err := probe(data)
			if err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := photo.Decode(t.Context(), data, info.ContentType, 1, 2<<20); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			// The total of allocations is more than the peak. The bands of the
			// last step and the buffers are not part of the picture.
			allocated := int64(after.TotalAlloc - before.TotalAlloc)
			if bands := int64(runtime.GOMAXPROCS(0)*32*side*4 + 1<<20); allocated > info.Memory()+bands {
				t.Errorf("decoding allocated %d bytes; estimated %d", allocated, info.Memory())
			}
			// The server's PhotoMemoryBytes suffices for the photos of all its requests.
			if info.Memory() > 28*side*side {
				t.Errorf("estimated %d bytes a pixel", info.Memory()/side/side)
			}
		})
	}
}

// FuzzScans inserts bytes between the scans of a JPEG. A file that CheckData
// refuses must not decode.
func FuzzScans(f *testing.F) {
	f.Add([]byte("\xff\xd0"), uint8(99))
	f.Add([]byte("\xff\xff\xff\x00stray"), uint8(100))
	f.Add([]byte("\xff\xfe\x00\x04\xff\xda"), uint8(50))
	f.Add([]byte("\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00"), uint8(50))
	f.Fuzz(func(t *testing.T, between []byte, scans uint8) {
		data := hostile.JPEG{Width: 16, Height: 16, Scans: int(scans), Between: between}.Bytes()
		if _, err := checked(data, 1000); err == nil {
			return
		}
		if _, err := photo.Decode(t.Context(), data, photo.JPEG, 1, 1000); err == nil {
			t.Fatal("decoded what CheckData refuses")
		}
	})
}

// FuzzDecode checks that an accepted file decodes to the size in its Info, or
// fails.
func FuzzDecode(f *testing.F) {
	f.Add(hostile.JPEG{Width: 64, Height: 64, Scans: 3}.Bytes())
	f.Add(hostile.PNG(64, 64))
	f.Add(hostile.EmptyBlocksPNG(64, 64, 10))
	f.Add(hostile.AncillaryPNG(hostile.PNG(64, 64), "zTXt", hostile.Zeros(1<<20)))
	f.Add(hostile.AncillaryPNG(hostile.PNG(64, 64), "eXIf", hostile.EXIF(65535, 100)))
	f.Add(hostile.EXIFWebP(64, 64, hostile.EXIF(65535, 100)))
	f.Add(hostile.LosslessWebP(64, 64))
	f.Add(hostile.ExtendedWebP(64, 64, 64, 64))
	f.Fuzz(func(t *testing.T, data []byte) {
		info, err := checked(data, 1<<16)
		if err != nil {
			return
		}
		p, err := photo.Decode(t.Context(), data, info.ContentType, info.Orientation, 1<<16)
		if err == nil && (p.Image.Rect.Dx() != info.Width || p.Image.Rect.Dy() != info.Height) {
			t.Fatalf("probed %d × %d, decoded %v", info.Width, info.Height, p.Image.Rect)
		}
	})
}

// BenchmarkHostile measures the most expensive accepted files, and how long a
// decoder continues after its context has ended.
func BenchmarkHostile(b *testing.B) {
	for name, data := range largest() {
		info, err := checked(data, 50e6)
		if err != nil {
			b.Fatalf("%s: %v", name, err)
		}
		b.Run(name+"/whole", func(b *testing.B) {
			for b.Loop() {
				if _, err := photo.Decode(b.Context(), data, info.ContentType, 1, 50e6); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(data)), "file-bytes")
			b.ReportMetric(float64(info.Memory())/(1<<20), "estimated-MB")
		})
		for _, after := range []time.Duration{100 * time.Millisecond, time.Second} {
			b.Run(fmt.Sprintf("%s/ended after %s", name, after), func(b *testing.B) {
				var most time.Duration
				for b.Loop() {
					ctx, cancel := context.WithTimeout(b.Context(), after)
					_, _ = photo.Decode(ctx, data, info.ContentType, 1, 50e6)
					if end, _ := ctx.Deadline(); time.Since(end) > most {
						most = time.Since(end)
					}
					cancel()
				}
				b.ReportMetric(most.Seconds(), "s-after-end")
			})
		}
	}
	// Masks of the limit of 4 MB, for a photo of 50 megapixels.
	masks := map[string][]byte{
		"mask of empty blocks": hostile.EmptyBlocksPNG(64, 64, 350_000),
		"mask of one color":    grayMask(b, 7056, 7056),
	}
	for name, data := range masks {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := photo.DecodeMask(b.Context(), data); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(data)), "file-bytes")
		})
	}
	// What Extract reads completely.
	scan := hostile.JPEG{Width: 64, Height: 64, Scans: 1, NoEnd: true}.Bytes()
	marks := slices.Concat(scan, bytes.Repeat([]byte{0xFF, 0xD0}, 10<<20), []byte{0xFF, 0xD9})
	png := hostile.PNG(64, 64)
	chunks := slices.Concat(png[:len(png)-12], bytes.Repeat([]byte("\x00\x00\x00\x00tEXt\x00\x00\x00\x00"), 20<<20/12), png[len(png)-12:], make([]byte, 5000))
	for name, data := range map[string][]byte{"JPEG of 20 MB of markers": marks, "PNG of 20 MB of chunks": chunks} {
		b.Run(name+"/checked", func(b *testing.B) {
			for b.Loop() {
				if _, err := checked(data, 50e6); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("12,000 scans/refused", func(b *testing.B) {
		data := hostile.JPEG{Width: 7056, Height: 7056, Scans: 12_000}.Bytes()
		for b.Loop() {
			if _, err := photo.Decode(b.Context(), data, photo.JPEG, 1, 50e6); err == nil {
				b.Fatal("decoded")
			}
		}
	})
}
