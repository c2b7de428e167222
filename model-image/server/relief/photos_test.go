package relief_test

import (
	"image"
	_ "image/jpeg"
	_ "image/png"
	"os"
	"path/filepath"
	"testing"

	"gen3d/internal/job"
	"gen3d/model-image/server/mask"
	"gen3d/model-image/server/relief"
)

func photo(t testing.TB, name string) image.Image {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "..", "testdata", "photos", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, _, err := image.Decode(f)
	if err != nil {
		t.Fatalf("decoding %s: %v", name, err)
	}
	return p
}

func TestReconstructRealPhotos(t *testing.T) {
	for name, c := range map[string]struct {
		file   string
		box    *image.Rectangle
		fewest int // triangles
	}{
		"saucer":        {"coffee.jpg", &image.Rectangle{Min: image.Pt(75, 15), Max: image.Pt(482, 390)}, 20000},
		"astronaut":     {"astronaut.jpg", &image.Rectangle{Min: image.Pt(20, 10), Max: image.Pt(365, 512)}, 20000},
		"shuttle":       {"astronaut.jpg", &image.Rectangle{Min: image.Pt(350, 0), Max: image.Pt(474, 290)}, 10000},
		"coin":          {"coins.png", &image.Rectangle{Min: image.Pt(302, 8), Max: image.Pt(372, 76)}, 4000},
		"cut-out":       {"cat-cutout.png", nil, 20000},
		"whole picture": {"cat.jpg", nil, 20000},
	} {
		t.Run(name, func(t *testing.T) {
			p := photo(t, c.file)
			m, _, err := mask.Finder{Segmenter: mask.ColorModel{}}.Find(t.Context(), p, mask.Object{Index: 1, Box: c.box})
			if err != nil {
				t.Fatal(err)
			}
			out, _ := reconstruct(t, p, m)
			if n := len(out.Triangles); n < c.fewest || n > 65000 {
				t.Errorf("%d triangles, want %d to about 60,000", n, c.fewest)
			}
			// No spikes: the normals of neighbors seldom differ much.
			sharp := 0
			for _, tr := range out.Triangles {
				for k := range 3 {
					a, b := out.Normals[tr[k]], out.Normals[tr[(k+1)%3]]
					if a[0]*b[0]+a[1]*b[1]+a[2]*b[2] < 0 {
						sharp++
					}
				}
			}
			if share := float64(sharp) / float64(3*len(out.Triangles)); share > 0.02 {
				t.Errorf("%.1f%% of the edges are sharp, want a smooth surface", 100*share)
			}
		})
	}
}

// FuzzReconstruct checks that the mesh of any mask is closed.
func FuzzReconstruct(f *testing.F) {
	f.Add(uint8(3), uint8(1), []byte{255, 0, 255})
	f.Add(uint8(4), uint8(4), []byte("\xff\x00\x00\xff\x00\xff\xff\x00\x00\xff\xff\x00\xff\x00\x00\xff"))
	f.Add(uint8(16), uint8(9), []byte("a mask of soft edges \x80\x81\x7f and of noise \xff\xff\xff\xff\x00\x00"))
	f.Add(uint8(1), uint8(40), []byte{128})
	qualities := job.Qualities()
	f.Fuzz(func(t *testing.T, width, height uint8, cover []byte) {
		w, h := int(width)%48+1, int(height)%48+1
		m := mask.New(image.Rect(5, 3, 5+2*w, 3+2*h), w, h)
		for i := range m.Cover {
			if len(cover) > 0 {
				m.Cover[i] = cover[i%len(cover)]
			}
		}
		p := image.NewGray(image.Rect(0, 0, 110, 110))
		out, _, err := relief.Reconstruct(t.Context(), p, m, settings(t, qualities[int(width)%len(qualities)].Quality))
		if failure, users := job.AsFailure(err); users && failure.Code == job.CodeNoObject {
			if m.Count() > 0 {
				t.Fatalf("a mask of %d points has no object", m.Count())
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		checkSolid(t, out)
	})
}

func BenchmarkReconstruct(b *testing.B) {
	for name, c := range map[string]struct {
		size    [2]int
		quality job.Quality
	}{
		"12 megapixels":        {[2]int{4000, 3000}, job.QualityStandard},
		"12 megapixels, draft": {[2]int{4000, 3000}, job.QualityDraft},
		"12 megapixels, high":  {[2]int{4000, 3000}, job.QualityHigh},
		"small":                {[2]int{400, 300}, job.QualityStandard},
	} {
		size, s := c.size, settings(b, c.quality)
		b.Run(name, func(b *testing.B) {
			p := image.NewYCbCr(image.Rect(0, 0, size[0], size[1]), image.YCbCrSubsampleRatio420)
			for i := range p.Y {
				p.Y[i] = uint8(i * 7)
			}
			m := mask.New(image.Rect(size[0]/8, size[1]/8, size[0]*7/8, size[1]*7/8), 288, 216)
			for i := range m.Cover {
				if disc(144, 108, 100)(float64(i%288), float64(i/288)) {
					m.Cover[i] = 255
				}
			}
			for b.Loop() {
				if _, _, err := relief.Reconstruct(b.Context(), p, m, s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
