// Package weights says which files the model needs, where they come from and
// where they lie in the model bucket. It imports no AWS client, so that whoever
// only needs a name can have it.
//
// Package hub reads them from Hugging Face, package transfer lays them in the
// bucket. Below [Prefix] the bucket looks as the worker expects its model folder
// (model-image/worker/weights.py), because SageMaker mounts that prefix:
//
//	sam3d/pipeline.yaml …        folder checkpoints/ of facebook/sam-3d-objects
//	moge/model.pt                Ruicheng/moge-vitl
//	sam2/sam2.1_hiera_large.pt   facebook/sam2.1-hiera-large
//	dinov2/hub/checkpoints/…     DINOv2, only where the configuration asks for it
//	weights.json                 what lies there, written last
package weights

// Keys of the model bucket.
const (
	// Prefix holds the weights, uncompressed, as SageMaker lays them out under
	// /opt/ml/model.
	Prefix = "weights/sam-3d-objects/"
	// UploadsPrefix holds what a push needs to go on after an interruption. It is
	// outside [Prefix], so that the endpoint never downloads it.
	UploadsPrefix = "weights/uploads/"
	// RecordKey is the document that tells a finished push from a half-done one.
	RecordKey = Prefix + "weights.json"
)

// TokenSecret names the secret of Secrets Manager that holds a stack's token for
// Hugging Face.
func TokenSecret(stack string) string { return "Gen3DHuggingFaceToken-" + stack }
