package photo_test

import (
	"bytes"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gen3d/internal/job"
	"gen3d/internal/photo"
	"gen3d/tests/support/hostile"
)

// Metadata is neither decompressed nor followed: of the header at most 4 MB is
// read, and decoding allocates no more than that for it.
func TestHostileMetadataCostsNothing(t *testing.T) {
	const most = 4<<20 + 64<<10
	png, jpeg := hostile.PNG(256, 256), hostile.JPEG{Width: 256, Height: 256, Scans: 1}
	text := hostile.Zeros(64 << 20)
	between := func(segments ...[]byte) []byte {
		p := jpeg
		p.Between = bytes.Join(segments, nil)
		return p.Bytes()
	}
	exif := []byte("Exif\x00\x00")
	far := bytes.Replace(hostile.EXIF(1, 1), []byte{8, 0, 0, 0}, []byte("\xff\xff\xff\xff"), 1)
	for name, test := range map[string]struct {
		data        []byte
		orientation int    // of an accepted photo
		says        string // of a refused one
	}{
		"PNG, zTXt of 64 MB":                 {data: hostile.AncillaryPNG(png, "zTXt", text), orientation: 1},
		"PNG, iCCP of 64 MB":                 {data: hostile.AncillaryPNG(png, "iCCP", text), orientation: 1},
		"PNG, iTXt of 64 MB, 900 times":      {data: hostile.AncillaryPNG(png, "iTXt", slices.Repeat([][]byte{text[:4000]}, 900)...), orientation: 1},
		"PNG, iCCP of 64 MB, 100 times":      {data: hostile.AncillaryPNG(png, "iCCP", slices.Repeat([][]byte{text}, 100)...), says: "its header has no end"},
		"PNG, 1,001 chunks":                  {data: hostile.AncillaryPNG(png, "iCCP", make([][]byte, 1001)...), says: "its header has no end"},
		"PNG, EXIF of 5,000 entries":         {data: hostile.AncillaryPNG(png, "eXIf", hostile.EXIF(5000, 5000)), orientation: 6},
		"PNG, EXIF of 65,535 entries":        {data: hostile.AncillaryPNG(png, "eXIf", hostile.EXIF(65535, 65535)), orientation: 1},
		"PNG, EXIF that ends before it says": {data: hostile.AncillaryPNG(png, "eXIf", hostile.EXIF(65535, 2)), orientation: 6},
		"PNG, EXIF far behind its end":       {data: hostile.AncillaryPNG(png, "eXIf", far), orientation: 1},
		"JPEG, EXIF of 5,000 entries":        {data: between(hostile.APP1(exif, hostile.EXIF(5000, 5000))), orientation: 6},
		"JPEG, EXIF that ends too early":     {data: between(hostile.APP1(exif, hostile.EXIF(65535, 5000)[:60_000-6])), orientation: 1},
		"JPEG, EXIF far behind its end":      {data: between(hostile.APP1(exif, far)), orientation: 1},
		"JPEG, 900 times EXIF":               {data: between(slices.Repeat([][]byte{hostile.APP1(exif, hostile.EXIF(300, 300))}, 900)...), orientation: 6},
		"JPEG, 60 times XMP of 64 KB":        {data: between(slices.Repeat([][]byte{hostile.APP1(make([]byte, 65_533))}, 60)...), orientation: 1},
		"JPEG, 70 times XMP of 64 KB":        {data: between(slices.Repeat([][]byte{hostile.APP1(make([]byte, 65_533))}, 70)...), says: "its header has no end"},
		"JPEG, 1,001 segments":               {data: between(slices.Repeat([][]byte{hostile.APP1()}, 1001)...), says: "its header has no end"},
		"WebP, EXIF of 65,535 entries":       {data: hostile.EXIFWebP(256, 256, hostile.EXIF(65535, 65535)), orientation: 1},
		"WebP, EXIF of 5,000 entries":        {data: hostile.EXIFWebP(256, 256, hostile.EXIF(5000, 5000)), orientation: 6},
		"WebP, EXIF far behind its end":      {data: hostile.EXIFWebP(256, 256, far), orientation: 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := &counting{Reader: bytes.NewReader(test.data)}
			info, err := photo.Probe(r, int64(len(test.data)))
			if r.bytes > most {
				t.Errorf("%d of %d bytes were read", r.bytes, len(test.data))
			}
			if test.says != "" {
				wantCode(t, err, job.CodeNotAnImage)
				if !strings.Contains(err.Error(), test.says) {
					t.Errorf("refused with %q", err)
				}
				return
			}
			if err != nil || info.Orientation != test.orientation {
				t.Fatalf("orientation %d, %v; want %d", info.Orientation, err, test.orientation)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err = photo.Decode(t.Context(), test.data, info.ContentType, info.Orientation, 1<<16)
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Error(err)
			}
			if allocated := int64(after.TotalAlloc - before.TotalAlloc); allocated > info.Memory()+most+1<<20+int64(runtime.GOMAXPROCS(0)*32*256*4) {
				t.Errorf("decoding allocated %d bytes", allocated)
			}
		})
	}
}
