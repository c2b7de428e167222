package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"gen3d/internal/job"
)

// StorageToken is the type of [Storage].
const StorageToken = "gen3d:infra:Storage"

// StorageArgs are the inputs of [NewStorage].
type StorageArgs struct {
	Env       Environment
	Retention Retention
	Protect   bool
	Key       *Encryption // nil: S3's own keys
}

// Storage is the data bucket (photos, results, the page) and the model bucket
// (weights, the endpoint's outputs).
type Storage struct {
	pulumi.ResourceState

	Data  *s3.BucketV2 // every function, the model, CloudFront; stack output
	Model *s3.BucketV2 // the model and the notebook; stack output
}

// NewStorage creates both buckets: private, versioned, encrypted, with
// lifecycle rules. Policy and events of the data bucket come later
// ([NewAccess], [NewEvents]), because they need CloudFront and the functions.
func NewStorage(ctx *pulumi.Context, name string, args *StorageArgs, opts ...pulumi.ResourceOption) (*Storage, error) {
	c := &Storage{}
	if err := ctx.RegisterComponentResource(StorageToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D storage %s: %w", name, err)
	}
	var err error
	if c.Data, err = args.bucket(ctx, c, name, "data", dataLifecycle(args.Retention)); err != nil {
		return nil, err
	}
	if c.Model, err = args.bucket(ctx, c, name, "model", modelLifecycle(args.Retention)); err != nil {
		return nil, err
	}
	if _, err = s3.NewBucketPolicy(ctx, name+"-model-policy", &s3.BucketPolicyArgs{
		Bucket: c.Model.ID(),
		Policy: policy(denyPlainHTTP("s3:*", c.Model.Arn, join(c.Model.Arn, "/*"))),
	}, pulumi.Parent(c)); err != nil {
		return nil, fmt.Errorf("creating Gen3D model bucket policy: %w", err)
	}
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"dataBucket": c.Data.Bucket, "modelBucket": c.Model.Bucket}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D storage %s: %w", name, err)
	}
	return c, nil
}

// protection returns the options of resources that hold data: they cannot be
// deleted by mistake, and stay when the stack is destroyed.
func protection(protect bool) []pulumi.ResourceOption {
	if !protect {
		return nil
	}
	return []pulumi.ResourceOption{pulumi.Protect(true), pulumi.RetainOnDelete(true)}
}

func (args *StorageArgs) bucket(ctx *pulumi.Context, parent pulumi.Resource, prefix, part string, rules s3.BucketLifecycleConfigurationV2RuleArray) (*s3.BucketV2, error) {
	name := prefix + "-" + part
	bucket, err := s3.NewBucketV2(ctx, name, &s3.BucketV2Args{
		Bucket: pulumi.String(args.Env.Global(part)),
		// Without protection the bucket can be deleted with its objects.
		ForceDestroy: pulumi.Bool(!args.Protect),
	}, append(protection(args.Protect), pulumi.Parent(parent))...)
	if err != nil {
		return nil, fmt.Errorf("creating Gen3D %s bucket: %w", part, err)
	}
	fail := func(what string, err error) error {
		return fmt.Errorf("creating %s of Gen3D %s bucket: %w", what, part, err)
	}
	of := pulumi.Parent(parent)
	// A bucket that is kept when the stack is destroyed stays private and
	// encrypted.
	guard := append(protection(args.Protect), of)
	if _, err := s3.NewBucketPublicAccessBlock(ctx, name+"-private", &s3.BucketPublicAccessBlockArgs{
		Bucket:                bucket.ID(),
		BlockPublicAcls:       pulumi.Bool(true),
		BlockPublicPolicy:     pulumi.Bool(true),
		IgnorePublicAcls:      pulumi.Bool(true),
		RestrictPublicBuckets: pulumi.Bool(true),
	}, guard...); err != nil {
		return nil, fail("the public access block", err)
	}
	if _, err := s3.NewBucketOwnershipControls(ctx, name+"-ownership", &s3.BucketOwnershipControlsArgs{
		Bucket: bucket.ID(),
		Rule:   s3.BucketOwnershipControlsRuleArgs{ObjectOwnership: pulumi.String("BucketOwnerEnforced")},
	}, guard...); err != nil {
		return nil, fail("ownership", err)
	}
	versioning, err := s3.NewBucketVersioningV2(ctx, name+"-versions", &s3.BucketVersioningV2Args{
		Bucket:                  bucket.ID(),
		VersioningConfiguration: s3.BucketVersioningV2VersioningConfigurationArgs{Status: pulumi.String("Enabled")},
	}, guard...)
	if err != nil {
		return nil, fail("versioning", err)
	}
	encryption := s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{SseAlgorithm: pulumi.String("AES256")}
	if args.Key != nil {
		encryption.SseAlgorithm = pulumi.String("aws:kms")
		encryption.KmsMasterKeyId = args.Key.Key.Arn
	}
	if _, err := s3.NewBucketServerSideEncryptionConfigurationV2(ctx, name+"-encryption", &s3.BucketServerSideEncryptionConfigurationV2Args{
		Bucket: bucket.ID(),
		Rules: s3.BucketServerSideEncryptionConfigurationV2RuleArray{
			s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
				ApplyServerSideEncryptionByDefault: encryption,
				BucketKeyEnabled:                   pulumi.Bool(args.Key != nil),
			},
		},
	}, guard...); err != nil {
		return nil, fail("encryption", err)
	}
	// Rules on old versions need versioning.
	if _, err := s3.NewBucketLifecycleConfigurationV2(ctx, name+"-lifecycle", &s3.BucketLifecycleConfigurationV2Args{
		Bucket: bucket.ID(),
		Rules:  rules,
	}, of, pulumi.DependsOn([]pulumi.Resource{versioning})); err != nil {
		return nil, fail("lifecycle", err)
	}
	return bucket, nil
}

// dataLifecycle returns the rules of the data bucket. They apply to whole jobs:
// a rule filters by prefix, and users/{userId}/ precedes input/ and output/, so
// photos and results cannot have different rules.
func dataLifecycle(r Retention) s3.BucketLifecycleConfigurationV2RuleArray {
	rules := append(cleanup(r.OldVersionDays), s3.BucketLifecycleConfigurationV2RuleArgs{
		Id:     pulumi.String("tier-jobs"),
		Status: pulumi.String("Enabled"),
		Filter: s3.BucketLifecycleConfigurationV2RuleFilterArgs{Prefix: pulumi.String(job.UsersPrefix)},
		Transitions: s3.BucketLifecycleConfigurationV2RuleTransitionArray{
			// Meshes are downloaded in the first days and rarely after that.
			s3.BucketLifecycleConfigurationV2RuleTransitionArgs{Days: pulumi.Int(0), StorageClass: pulumi.String("INTELLIGENT_TIERING")},
		},
	})
	if r.JobsDays > 0 {
		rules = append(rules, s3.BucketLifecycleConfigurationV2RuleArgs{
			Id:         pulumi.String("expire-jobs"),
			Status:     pulumi.String("Enabled"),
			Filter:     s3.BucketLifecycleConfigurationV2RuleFilterArgs{Prefix: pulumi.String(job.UsersPrefix)},
			Expiration: s3.BucketLifecycleConfigurationV2RuleExpirationArgs{Days: pulumi.Int(r.JobsDays)},
		})
	}
	return rules
}

func modelLifecycle(r Retention) s3.BucketLifecycleConfigurationV2RuleArray {
	return append(cleanup(r.OldVersionDays), s3.BucketLifecycleConfigurationV2RuleArgs{
		Id:     pulumi.String("expire-answers"),
		Status: pulumi.String("Enabled"),
		Filter: s3.BucketLifecycleConfigurationV2RuleFilterArgs{Prefix: pulumi.String("async/")},
		// The result documents in the data bucket have the content that
		// matters.
		Expiration: s3.BucketLifecycleConfigurationV2RuleExpirationArgs{Days: pulumi.Int(7)},
	})
}

func cleanup(oldVersionDays int) s3.BucketLifecycleConfigurationV2RuleArray {
	return s3.BucketLifecycleConfigurationV2RuleArray{
		s3.BucketLifecycleConfigurationV2RuleArgs{
			Id:                             pulumi.String("abort-incomplete-uploads"),
			Status:                         pulumi.String("Enabled"),
			Filter:                         s3.BucketLifecycleConfigurationV2RuleFilterArgs{Prefix: pulumi.String("")},
			AbortIncompleteMultipartUpload: s3.BucketLifecycleConfigurationV2RuleAbortIncompleteMultipartUploadArgs{DaysAfterInitiation: pulumi.Int(1)},
		},
		s3.BucketLifecycleConfigurationV2RuleArgs{
			Id:                          pulumi.String("expire-old-versions"),
			Status:                      pulumi.String("Enabled"),
			Filter:                      s3.BucketLifecycleConfigurationV2RuleFilterArgs{Prefix: pulumi.String("")},
			NoncurrentVersionExpiration: s3.BucketLifecycleConfigurationV2RuleNoncurrentVersionExpirationArgs{NoncurrentDays: pulumi.Int(oldVersionDays)},
			Expiration:                  s3.BucketLifecycleConfigurationV2RuleExpirationArgs{ExpiredObjectDeleteMarker: pulumi.Bool(true)},
		},
	}
}
