package mask_test

import (
	"encoding/json"
	"flag"
	"image"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"testing"

	"gen3d/internal/job"
	"gen3d/model-image/server/mask"
)

// update rewrites the page's test vectors.
var update = flag.Bool("update", false, "rewrite testdata/masks/color-model.json")

// vector is an object in a photo with the mask that the color model finds. The
// page has a port of the model, which is tested with the same vectors.
type vector struct {
	Name string `json:"name"`
	// Photo is a file of testdata/photos, or "disc" for [discPhoto].
	Photo  string   `json:"photo"`
	Box    [4]int   `json:"box"`
	Points [][3]int `json:"points"` // x, y, and 1 inside or 0 outside
	// Runs are the lengths of alternating runs of pixels outside and inside the
	// object, by rows from the left upper corner; null if no object is found.
	Runs []int `json:"runs"`
}

// discPhoto returns a picture of a disc of one color on another, with a pattern
// instead of noise. The page draws the same one.
func discPhoto() image.Image {
	p := image.NewNRGBA(image.Rect(0, 0, 900, 600))
	for y := range 600 {
		for x := range 900 {
			shift := (x*x*7 + y*y*13 + x*y*5) % 31
			c := color.NRGBA{R: uint8(60 + shift), G: uint8(100 + shift), B: uint8(70 + shift), A: 255}
			if math.Hypot(float64(x)-449.5, float64(y)-299.5) < 210 {
				c = color.NRGBA{R: uint8(180 + shift), G: uint8(60 + shift), B: uint8(40 + shift), A: 255}
			}
			p.SetNRGBA(x, y, c)
		}
	}
	return p
}

func runsOf(raster []byte) []int {
	runs, value := []int{0}, byte(0)
	for _, v := range raster {
		if v != value {
			runs, value = append(runs, 0), v
		}
		runs[len(runs)-1]++
	}
	return runs
}

// TestVectorsOfThePage finds the objects of the vectors. It fails if the model
// has changed; then -update writes what it finds now, and the page's port has to
// follow.
func TestVectorsOfThePage(t *testing.T) {
	vectors := []vector{
		{Name: "a coin", Photo: "coins.png", Box: [4]int{302, 8, 372, 76}},
		{Name: "a coin with points", Photo: "coins.png", Box: [4]int{296, 2, 382, 90}, Points: [][3]int{{335, 44, 1}, {378, 84, 0}}},
		{Name: "a coin in a very loose box, with a point outside", Photo: "coins.png", Box: [4]int{287, 0, 383, 91}, Points: [][3]int{{314, 12, 0}}},
		{Name: "a coin outside the box", Photo: "coins.png", Box: [4]int{188, 165, 214, 220}, Points: [][3]int{{205, 190, 1}, {226, 195, 1}}},
		{Name: "coins one after the other outside the box", Photo: "coins.png", Box: [4]int{188, 165, 238, 220}, Points: [][3]int{{205, 190, 1}, {212, 242, 1}, {270, 190, 1}}},
		{Name: "most of the photo", Photo: "coins.png", Box: [4]int{10, 10, 374, 290}, Points: [][3]int{{213, 193, 1}, {335, 44, 1}, {100, 130, 0}}},
		{Name: "a cut-out", Photo: "cat-cutout.png", Box: [4]int{4, 4, 316, 248}},
		{Name: "the head of a cut-out", Photo: "cat-cutout.png", Box: [4]int{60, 20, 200, 160}, Points: [][3]int{{130, 90, 1}, {130, 150, 0}}},
		{Name: "a disc", Photo: "disc", Box: [4]int{200, 60, 700, 540}},
		{Name: "a disc in a loose box", Photo: "disc", Box: [4]int{120, 20, 800, 580}, Points: [][3]int{{450, 300, 1}, {130, 30, 0}}},
		{Name: "a strip whose raster is narrower than its part of the photo", Photo: "disc", Box: [4]int{200, 150, 410, 158}, Points: [][3]int{{380, 154, 1}}},
		{Name: "nothing", Photo: "disc", Box: [4]int{10, 10, 150, 130}},
	}
	for i := range vectors {
		v := &vectors[i]
		var p image.Image
		if v.Photo == "disc" {
			p = discPhoto()
		} else {
			p = photo(t, v.Photo)
		}
		box := image.Rect(v.Box[0], v.Box[1], v.Box[2], v.Box[3])
		object := mask.Object{Index: 1, Box: &box}
		for _, q := range v.Points {
			object.Points = append(object.Points, job.Point{X: q[0], Y: q[1], Inside: q[2] == 1})
		}
		m, _, err := mask.Finder{Segmenter: mask.ColorModel{}}.Find(t.Context(), p, object)
		if f, ok := job.AsFailure(err); ok && f.Code == job.CodeNoObject {
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		v.Runs = runsOf(m.Raster(p.Bounds().Size()))
	}
	file := filepath.Join("..", "..", "..", "testdata", "masks", "color-model.json")
	found, err := json.Marshal(vectors)
	if err != nil {
		t.Fatal(err)
	}
	found = append(found, '\n')
	if *update {
		if err := os.WriteFile(file, found, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(found) != string(want) {
		t.Error("the color model finds other masks than testdata/masks/color-model.json: make the same change in webapp/src/masks/color, then run this test with -update")
	}
}
