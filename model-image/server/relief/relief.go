// Package relief reconstructs the masked part of a photo as a closed mesh on
// the CPU: it inflates the silhouette, closes it with a flatter back and colors
// it from the photo. It has no knowledge of objects; it replaces SAM 3D Objects
// on machines without a GPU, and every result names it as its backend.
//
// The steps: the mask is resampled to a smooth field on a square grid
// ([newField]). The height of each inner node is the square root of the
// solution of a Poisson equation that is 0 on the outline, so that a disc
// becomes a spheroid and each part is rounded by its width ([field.inflate]).
// Marching squares triangulates front and back over the same outline vertices,
// so the surface is closed by construction ([build]). Vertices are
// colored by the photo, which is the texture too ([newTexture]).
package relief

import (
	"context"
	"fmt"
	"image"

	"gen3d/internal/job"
	"gen3d/model-image/server/mask"
	"gen3d/model-image/server/mesh"
)

// Name is the backend's name in results and files.
const Name = job.Backend("relief")

// Reconstruct returns the mesh of the object that m masks in the photo, with the
// photo as its texture, and its pose in the photo. The mesh is closed, oriented
// outward, in glTF's coordinates, centered, with a longest side of 1. Separate
// parts of the mask become separate closed parts of the mesh; those smaller than
// a twentieth of the largest are dropped. The result is deterministic. s has the
// number of its triangles and the size of its texture.
//
// The pose is in the space that [job.Pose] describes, in units of the picture's
// longest side. relief does not estimate depth: the outlines of all objects lie
// in one plane, at distance 1 from an orthographic camera that sees the whole
// picture. Seen by it, each object covers its mask.
//
// For an empty mask the error is a [job.Failure].
func Reconstruct(ctx context.Context, photo image.Image, m *mask.Mask, s Settings) (*mesh.Mesh, job.Pose, error) {
	if err := m.Validate(); err != nil {
		return nil, job.Pose{}, fmt.Errorf("reconstructing the object: %w", err)
	}
	f := newField(m, s)
	if f == nil {
		return nil, job.Pose{}, job.Invalid(job.CodeNoObject, "The object's mask is empty; draw the box closer around the object.")
	}
	if err := f.inflate(ctx); err != nil {
		return nil, job.Pose{}, fmt.Errorf("reconstructing the object: %w", err)
	}
	c := newColors(photo, f)
	out := build(f, c)
	out.Texture = newTexture(photo, f, c, out, s.Texture)
	if err := ctx.Err(); err != nil {
		return nil, job.Pose{}, fmt.Errorf("reconstructing the object: %w", err)
	}
	center, side := out.Normalize()
	out.Normals = out.SmoothNormals()
	return out, pose(photo.Bounds(), f, center, side), nil
}

// distance is how far from the camera the plane of the outlines is: no mesh is
// longer than the picture, so all are in front of the camera.
const distance = 1

// pose returns the pose of a mesh whose center and longest side are in grid
// units, y up.
func pose(picture image.Rectangle, f *field, center mesh.Vec3, side float32) job.Pose {
	longest := float64(max(picture.Dx(), picture.Dy()))
	x := f.originX + float64(center[0])*f.cell
	y := f.originY - float64(center[1])*f.cell
	scale := float64(side) * f.cell / longest
	return job.Pose{
		// Half a turn around Y: the mesh has +X right and +Z toward the viewer,
		// the camera's space +X left and +Z away.
		Rotation: [4]float64{0, 0, 1, 0},
		Translation: [3]float64{
			(float64(picture.Min.X+picture.Max.X)/2 - x) / longest,
			(float64(picture.Min.Y+picture.Max.Y)/2 - y) / longest,
			distance - float64(center[2])*f.cell/longest,
		},
		Scale:  [3]float64{scale, scale, scale},
		Camera: &job.Camera{YMag: float64(picture.Dy()) / 2 / longest},
	}
}
