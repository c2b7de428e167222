package mesh_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"testing"

	"gen3d/internal/job"
	"gen3d/model-image/server/mesh"
)

func preview(t *testing.T, m *mesh.Mesh) *image.NRGBA {
	t.Helper()
	file, err := m.Preview()
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if picture.Bounds() != image.Rect(0, 0, job.PreviewSide, job.PreviewSide) {
		t.Fatalf("preview is %v", picture.Bounds())
	}
	shown := image.NewNRGBA(picture.Bounds())
	draw.Draw(shown, shown.Rect, picture, image.Point{}, draw.Src)
	return shown
}

// part returns a share of the preview's side.
func part(share float64) int { return int(share * job.PreviewSide) }

func TestPreviewShowsTheMeshUpright(t *testing.T) {
	p := preview(t, box(1, 1, 0.2))
	if c := p.NRGBAAt(part(0.5), part(0.25)); c.A != 255 || c.R < 150 || c.B > c.R-60 {
		t.Errorf("the upper half shows %v, want red", c)
	}
	if c := p.NRGBAAt(part(0.5), part(0.76)); c.A != 255 || c.B < 130 || c.R > c.B-60 {
		t.Errorf("the lower half shows %v, want blue", c)
	}
	for _, at := range []image.Point{{2, 2}, {job.PreviewSide - 3, 2}, {2, job.PreviewSide - 3}, {job.PreviewSide - 3, job.PreviewSide - 3}} {
		if c := p.NRGBAAt(at.X, at.Y); c.A > 8 {
			t.Errorf("the corner at %v shows %v, want nothing", at, c)
		}
	}
	soft := 0
	for y := range job.PreviewSide {
		for x := range job.PreviewSide {
			if c := p.NRGBAAt(x, y); c.A > 30 && c.A < 200 && c.R == 0 && c.G == 0 && c.B == 0 {
				soft++
			}
		}
	}
	if soft < 200 {
		t.Errorf("%d pixels show a soft shadow, want some hundreds", soft)
	}
}

func TestPreviewFitsMeshesOfAnySize(t *testing.T) {
	for name, m := range map[string]*mesh.Mesh{
		"large": box(4000, 3000, 900), "small": box(0.004, 0.003, 0.001), "tall": box(0.05, 1, 0.05), "wide": box(1, 0.03, 0.05), "deep": box(0.2, 0.2, 1),
	} {
		t.Run(name, func(t *testing.T) {
			p := preview(t, m)
			var shown image.Rectangle
			for y := range job.PreviewSide {
				for x := range job.PreviewSide {
					if p.NRGBAAt(x, y).A == 255 {
						shown = shown.Union(image.Rect(x, y, x+1, y+1))
					}
				}
			}
			if !shown.In(image.Rect(part(0.04), part(0.04), part(0.96), part(0.96))) {
				t.Errorf("the mesh fills %v, want a margin around it", shown)
			}
			if max(shown.Dx(), shown.Dy()) < part(0.58) {
				t.Errorf("the mesh fills only %v", shown)
			}
		})
	}
}

func TestPreviewKeepsTheFrontColors(t *testing.T) {
	m := box(1, 1, 0.2)
	want := color.NRGBA{90, 160, 120, 255}
	for i := range m.Colors {
		m.Colors[i] = [4]uint8{want.R, want.G, want.B, 255}
	}
	m.Normals = make([]mesh.Vec3, len(m.Positions))
	for i := range m.Normals {
		m.Normals[i] = mesh.Vec3{0, 0, 1}
	}
	got := preview(t, m).NRGBAAt(part(0.5), part(0.5))
	for k, pair := range [][2]uint8{{got.R, want.R}, {got.G, want.G}, {got.B, want.B}} {
		if d := int(pair[0]) - int(pair[1]); d < -25 || d > 25 {
			t.Errorf("channel %d is %d, want about %d", k, pair[0], pair[1])
		}
	}
}

func TestPreviewRefusesAnEmptyMesh(t *testing.T) {
	if _, err := (&mesh.Mesh{}).Preview(); err == nil {
		t.Error("an empty mesh has a preview")
	}
}

// A list shows two dozen previews at once.
func TestPreviewOfAColorfulMeshIsSmall(t *testing.T) {
	m := box(1, 1, 0.2)
	for i := range m.Colors {
		m.Colors[i] = [4]uint8{uint8(i * 97), uint8(i * 61), uint8(i * 151), 255}
	}
	file, err := m.Preview()
	if err != nil {
		t.Fatal(err)
	}
	if most := 8 << 10; len(file) > most {
		t.Errorf("the preview has %d bytes, want at most %d", len(file), most)
	}
	if again, err := m.Preview(); err != nil || !bytes.Equal(file, again) {
		t.Errorf("the same mesh has another preview: %v", err)
	}
}
