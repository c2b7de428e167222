package infra

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"gen3d/internal/instances"
	"gen3d/internal/job"
	"gen3d/internal/weights/site"
	"gen3d/webapp"
)

// PageToken is the type of [Page].
const PageToken = "gen3d:infra:Page"

// PageArgs are the inputs of [NewPage].
type PageArgs struct {
	Env       Environment
	Limits    job.Limits
	Artifacts Artifacts
	Data      *s3.BucketV2
	Identity  *Identity
	ClientID  pulumi.StringOutput
	Wake      instances.When // setting autoscaling.wake
	Support   string         // setting email.support
	Retention Retention
}

// Page is the page's files in the data bucket.
type Page struct {
	pulumi.ResourceState
}

// contentTypes of the files that the page's build creates. The table is fixed,
// because the media types of the operating system differ between machines and
// would show as changes.
var contentTypes = map[string]string{
	".css":   "text/css; charset=utf-8",
	".glb":   "model/gltf-binary",
	".gz":    "application/gzip",
	".html":  "text/html; charset=utf-8",
	".ico":   "image/x-icon",
	".jpg":   "image/jpeg",
	".js":    "text/javascript; charset=utf-8",
	".json":  "application/json",
	".map":   "application/json",
	".png":   "image/png",
	".svg":   "image/svg+xml",
	".txt":   "text/plain; charset=utf-8",
	".wasm":  "application/wasm",
	".webp":  "image/webp",
	".woff2": "font/woff2",
}

const (
	// Names under assets/ contain a hash of the content.
	cacheForever = "public, max-age=31536000, immutable"
	cacheCheck   = "no-cache" // cached, but revalidated at each use
)

// NewPage uploads webapp/dist under public/, and the page's configuration. The
// manifest of the network that finds masks says at first that there is none.
func NewPage(ctx *pulumi.Context, name string, args *PageArgs, opts ...pulumi.ResourceOption) (*Page, error) {
	c := &Page{}
	if err := ctx.RegisterComponentResource(PageToken, name, c, opts...); err != nil {
		return nil, fmt.Errorf("registering Gen3D page %s: %w", name, err)
	}
	files, err := args.Artifacts.page()
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if err := c.upload(ctx, name, file, args, &s3.BucketObjectv2Args{
			Source: pulumi.NewFileAsset(filepath.Join(args.Artifacts.pageFolder(), filepath.FromSlash(file))),
		}); err != nil {
			return nil, err
		}
	}
	if err := c.upload(ctx, name, "config.json", args, &s3.BucketObjectv2Args{Content: args.configuration()}); err != nil {
		return nil, err
	}
	// gen3d weights network replaces it; the stack only makes sure that it exists.
	if err := c.upload(ctx, name, site.Manifest, args, &s3.BucketObjectv2Args{Content: pulumi.String(site.None)},
		pulumi.IgnoreChanges([]string{"content", "etag", "metadata", "tags", "tagsAll"})); err != nil {
		return nil, err
	}
	if err := ctx.RegisterResourceOutputs(c, pulumi.Map{"files": pulumi.Int(len(files) + 2)}); err != nil {
		return nil, fmt.Errorf("registering outputs of Gen3D page %s: %w", name, err)
	}
	return c, nil
}

func (c *Page) upload(ctx *pulumi.Context, name, file string, args *PageArgs, object *s3.BucketObjectv2Args, opts ...pulumi.ResourceOption) error {
	contentType, ok := contentTypes[path.Ext(file)]
	if !ok {
		return fmt.Errorf("the page's file %s has a suffix without a content type; add it to infra/page.go", file)
	}
	object.Bucket = args.Data.ID()
	object.Key = pulumi.String("public/" + file)
	object.ContentType = pulumi.String(contentType)
	object.CacheControl = pulumi.String(cacheCheck)
	if strings.HasPrefix(file, "assets/") {
		object.CacheControl = pulumi.String(cacheForever)
	}
	// The files are public, and with the stack's key CloudFront would need
	// permission to use it.
	object.ServerSideEncryption = pulumi.String("AES256")
	if _, err := s3.NewBucketObjectv2(ctx, name+"-"+file, object, append(opts, pulumi.Parent(c))...); err != nil {
		return fmt.Errorf("uploading the page's file %s: %w", file, err)
	}
	return nil
}

// configuration returns the content of /config.json.
func (args *PageArgs) configuration() pulumi.StringOutput {
	logoutURL := join(args.Identity.LoginHost, "/logout")
	return pulumi.All(args.Identity.Issuer, args.ClientID, logoutURL).ApplyT(func(texts []any) (string, error) {
		auth := webapp.SignIn(texts[0].(string), texts[1].(string), texts[2].(string))
		config := webapp.NewConfig(args.Env.Region, args.Env.Stack, auth, args.Limits, job.BackendSAM3D, args.Wake.Photo())
		config.SupportEmail = args.Support
		config.KeptDays, config.ErasedDays = args.Retention.JobsDays, args.Retention.OldVersionDays
		data, err := json.Marshal(config)
		if err != nil {
			return "", fmt.Errorf("writing the page's configuration: %w", err)
		}
		return string(data), nil
	}).(pulumi.StringOutput)
}

func (a Artifacts) pageFolder() string { return filepath.Join(a.Root, "webapp", "dist") }

// page lists the built page's files, by their paths on the site.
func (a Artifacts) page() ([]string, error) {
	var files []string
	err := filepath.WalkDir(a.pageFolder(), func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		file, err := filepath.Rel(a.pageFolder(), name)
		files = append(files, filepath.ToSlash(file))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the built page: %w; run make build first", err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("the built page in %s is empty; run make build first", a.pageFolder())
	}
	return files, nil
}
