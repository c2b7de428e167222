// Package weights defines the files that the model needs, their sources and
// their keys in the model bucket. It imports no AWS client, so that packages
// that only need a name stay small.
//
// Package hub reads them from Hugging Face, package transfer stores them in the
// bucket. Below [Prefix] the bucket has the layout of the worker's model folder
// (model-image/worker/weights.py), because SageMaker mounts that prefix:
//
//	sam3d/pipeline.yaml …        folder checkpoints/ of facebook/sam-3d-objects
//	moge/model.pt                Ruicheng/moge-vitl
//	sam2/sam2.1_hiera_large.pt   facebook/sam2.1-hiera-large
//	dinov2/hub/checkpoints/…     DINOv2, if the configuration requires it
//	weights.json                 list of the files, written last
package weights

// Keys of the model bucket.
const (
	// Prefix is the folder of the weights, uncompressed, which SageMaker mounts
	// at /opt/ml/model.
	Prefix = "weights/sam-3d-objects/"
	// UploadsPrefix is the folder of the state with which an interrupted push
	// is resumed. It is outside [Prefix], so that the endpoint does not
	// download it.
	UploadsPrefix = "weights/uploads/"
	// RecordKey is the document that exists only after a complete push.
	RecordKey = Prefix + "weights.json"
)

// TokenSecret returns the name of the Secrets Manager secret with a stack's
// Hugging Face token.
func TokenSecret(stack string) string { return "Gen3DHuggingFaceToken-" + stack }
