// Package scene combines the files of a photo's objects into one scene, in which
// each object is in its place in the photo: the meshes as binary glTF
// ([Scene.GLB]) and the Gaussian splats as PLY ([Scene.Splat]).
//
// # Coordinates
//
// The files of an object are in glTF's coordinates and have their own origin and
// size. The object's pose ([job.Pose]) maps them to the space of the photo's
// camera as PyTorch3D defines it, which SAM 3D Objects uses: the camera is at the
// origin, +X is left, +Y is up, and +Z points away from the camera. A scene is
// in glTF's coordinates, in which a camera without a transform also is at the
// origin with +Y up, but has +X to the right and looks along -Z. Both are
// right-handed, so half a turn around Y maps one to the other:
//
//	(x, y, z) in PyTorch3D's camera space is (-x, y, -z) in the scene.
//
// Sources: PyTorch3D's "Camera Coordinate Systems"
// (https://pytorch3d.org/docs/cameras); sam-3d-objects at cf06676,
// sam3d_objects/pipeline/inference_pipeline_pointmap.py,
// camera_to_pytorch3d_camera, and layout_post_optimization_utils.py, get_mesh
// ("pytorch3d, y-up, x left, z inwards"); glTF 2.0, sections 3.4 and 3.10
// (https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html#cameras).
//
// # Memory
//
// A scene's file is not held in memory. [File] reads the objects' files while it
// is read itself; only their descriptions (the JSON of a GLB, the header of a
// PLY) are in memory, and their sizes are limited.
//
// # Foreign bytes
//
// An object's file that is not what it should be, or that has a part whose
// meaning would change in another file, is refused with an error that names the
// object. glTF is combined by own code rather than by a library: those for Go
// decode documents into structs, which drops what the structs do not have, and
// none renumbers references. Here all that is not a reference is copied as it is.
package scene
