package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"gen3d/internal/awsclient"
	"gen3d/internal/stackoutput"
	"gen3d/internal/weights"
	"gen3d/local/objectstore"
)

// store has the clients of the model bucket, and of its stack's secrets, if
// any.
type store struct {
	bucket  string
	s3      *s3.Client
	secrets *secretsmanager.Client
}

// awsAttempts is the maximum of attempts of a call: in a push of hours, three,
// the SDK's default, are not always enough.
const awsAttempts = 10

func (p *weightsPlace) store(ctx context.Context) (*store, error) {
	if p.S3URL != "" {
		return p.localStore()
	}
	bucket, options := p.Bucket, []func(*config.LoadOptions) error{config.WithRetryMaxAttempts(awsAttempts)}
	if p.Stack != "" {
		var outputs struct {
			Region      string `json:"region"`
			ModelBucket string `json:"modelBucket"`
		}
		if err := stackoutput.Read(ctx, "", p.Stack, &outputs); err != nil {
			return nil, err
		}
		if outputs.Region == "" || outputs.ModelBucket == "" {
			return nil, fmt.Errorf("stack %s has no outputs region and modelBucket: deploy it first with make up STACK=%s", p.Stack, p.Stack)
		}
		bucket = outputs.ModelBucket
		options = append(options, config.WithRegion(outputs.Region))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return nil, errors.New("no AWS region is set: set AWS_REGION to that of the bucket, such as us-east-1")
	}
	opened := &store{bucket: bucket, s3: awsclient.S3(cfg)}
	if p.Stack != "" {
		opened.secrets = secretsmanager.NewFromConfig(cfg)
	}
	return opened, nil
}

// localStore returns the S3 of gen3d local.
func (p *weightsPlace) localStore() (*store, error) {
	if p.Stack != "" {
		return nil, errors.New("--s3-url is for the S3 of gen3d local: give --bucket " + objectstore.ModelBucket + " with it, and no --stack")
	}
	if !strings.HasPrefix(p.S3URL, "http://") && !strings.HasPrefix(p.S3URL, "https://") {
		return nil, fmt.Errorf("%q is not the URL of an S3: give one like http://127.0.0.1:9000", p.S3URL)
	}
	cfg := aws.Config{
		Region:           objectstore.Region,
		Credentials:      credentials.NewStaticCredentialsProvider(objectstore.AccessKey, objectstore.SecretKey, ""),
		BaseEndpoint:     aws.String(p.S3URL),
		RetryMaxAttempts: awsAttempts,
	}
	return &store{bucket: p.Bucket, s3: s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = true
		o.DisableLogOutputChecksumValidationSkipped = true
	})}, nil
}

// stackToken returns the token in the stack's secret, or "" if there is none.
func stackToken(ctx context.Context, client *secretsmanager.Client, stack string) (string, error) {
	name := weights.TokenSecret(stack)
	out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) { // no secret, or one without a value
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading the token of Hugging Face from the secret %s: "+
			"the AWS credentials need secretsmanager:GetSecretValue on it; or set %s (%w)", name, tokenVariable, err)
	}
	return strings.TrimSpace(aws.ToString(out.SecretString)), nil
}
