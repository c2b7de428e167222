package modelimage

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

// Image is an image in ECR: the digest and the media type of its manifest.
type Image struct{ Digest, MediaType string }

// Find describes an image of a repository. registry is the account of the
// repository, nil for that of the credentials. The image is the zero value where
// the repository does not have it.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
func Find(ctx context.Context, client *ecr.Client, registry *string, repository string, id types.ImageIdentifier) (Image, error) {
	answer, err := client.DescribeImages(ctx, &ecr.DescribeImagesInput{
		RegistryId: registry, RepositoryName: aws.String(repository), ImageIds: []types.ImageIdentifier{id},
	})
	var none *types.ImageNotFoundException
	switch {
	case errors.As(err, &none):
		return Image{}, nil
	case err != nil:
		return Image{}, fmt.Errorf("looking for the model's image in repository %s: %w", repository, err)
	case len(answer.ImageDetails) == 0:
		return Image{}, nil
	}
	found := answer.ImageDetails[0]
	return Image{Digest: aws.ToString(found.ImageDigest), MediaType: aws.ToString(found.ImageManifestMediaType)}, nil
}
