package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"

	"gen3d/internal/scene"
	"gen3d/model-image/server/mask"
	"gen3d/model-image/server/mesh"
	"gen3d/model-image/server/relief"
)

// coins are the objects of the scene. The names of the first and the last are
// the same.
var coins = []struct {
	label string
	box   *image.Rectangle
}{
	{"coin", rect(302, 10, 370, 76)},
	{"statère", rect(188, 25, 244, 76)},
	{"", rect(15, 228, 78, 290)},
	{"gorgon", rect(186, 166, 238, 220)},
	{"coin", rect(244, 92, 300, 146)},
}

// inMemory is a file of an object.
type inMemory []byte

func (m inMemory) Size() int64 { return int64(len(m)) }

func (m inMemory) Open(_ context.Context, offset, count int64) (io.ReadCloser, error) {
	return io.NopCloser(io.NewSectionReader(bytes.NewReader(m), offset, count)), nil
}

// writeScene reconstructs the coins and writes their scene and their masks.
func writeScene(photoPath, folder string) error {
	photo, err := read(photoPath)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	bounds := photo.Bounds()
	meshes := scene.Scene{Backend: relief.Name, Width: bounds.Dx(), Height: bounds.Dy()}
	splats := meshes
	for i, coin := range coins {
		m, pose, found, err := reconstruct(photo, coin.box)
		if err != nil {
			return err
		}
		from := mesh.Origin{Name: coin.label, Backend: string(relief.Name)}
		var glb, splat bytes.Buffer
		if err := m.WriteGLB(&glb, from); err != nil {
			return err
		}
		if err := m.WriteSplat(&splat, from, mesh.SplatOptions{Seed: 1}); err != nil {
			return err
		}
		object := scene.Object{Number: i + 1, Label: coin.label, Pose: pose}
		object.File = inMemory(glb.Bytes())
		meshes.Objects = append(meshes.Objects, object)
		object.File = inMemory(splat.Bytes())
		splats.Objects = append(splats.Objects, object)
		if err := writeMask(filepath.Join(folder, fmt.Sprintf("mask-%d.png", i+1)), found, bounds); err != nil {
			return err
		}
	}
	for name, combine := range map[string]func(context.Context) (*scene.File, error){"scene.glb": meshes.GLB, "scene.ply": splats.Splat} {
		file, err := combine(context.Background())
		if err != nil {
			return err
		}
		content, err := io.ReadAll(file.Open(context.Background()))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// writeMask writes a mask as a picture of the photo's size.
func writeMask(path string, m *mask.Mask, bounds image.Rectangle) error {
	picture := image.NewGray(bounds)
	for y := m.Rect.Min.Y; y < m.Rect.Max.Y; y++ {
		for x := m.Rect.Min.X; x < m.Rect.Max.X; x++ {
			column := (x - m.Rect.Min.X) * m.Width / m.Rect.Dx()
			row := (y - m.Rect.Min.Y) * m.Height / m.Rect.Dy()
			if m.Cover[row*m.Width+column] >= mask.Inside {
				picture.SetGray(x, y, color.Gray{Y: 255})
			}
		}
	}
	var content bytes.Buffer
	if err := png.Encode(&content, picture); err != nil {
		return err
	}
	return os.WriteFile(path, content.Bytes(), 0o644)
}
