#!/bin/bash
# Sets up a SageMaker notebook instance for Gen3D: the source of SAM 3D Objects at the commit that
# the worker is written for, scripts for the weights, and one-photo.ipynb with a kernel that runs in
# the model image, which has the endpoint's packages and worker. It is safe to run at every start.
# The setup continues in the background, because AWS stops a lifecycle script after five minutes.
set -euo pipefail
cat > /home/ec2-user/SageMaker/prepare.sh <<'PREPARE'
#!/bin/bash
set -euo pipefail
home=/home/ec2-user/SageMaker
cd "$home"
mkdir -p weights

source_commit=cf066761706cd02b07e2fc6274570ec8cdafb683
if [ ! -d sam-3d-objects ]; then
  git init -q sam-3d-objects
  git -C sam-3d-objects fetch -q --depth 1 https://github.com/facebookresearch/sam-3d-objects "$source_commit"
  git -C sam-3d-objects checkout -q FETCH_HEAD
fi

cat > get-weights.sh <<'GET'
#!/bin/bash
# Copies the weights from the model bucket to weights/, where one-photo.ipynb looks for them.
set -euo pipefail
cd /home/ec2-user/SageMaker
aws s3 sync 's3://@BUCKET@/@PREFIX@' weights/ --region @REGION@ --only-show-errors
if [ ! -f weights/sam3d/pipeline.yaml ]; then
  echo "The bucket has no weights yet: run gen3d weights push on your machine, or upload-weights.sh here." >&2
  exit 1
fi
GET

cat > upload-weights.sh <<'UPLOAD'
#!/bin/bash
# Downloads the weights from Hugging Face with the stack's token and uploads them to the model bucket
# in the layout that the worker reads. `gen3d weights push` does the same from any machine, verifies
# checksums and resumes after an interruption.
set -euo pipefail
cd /home/ec2-user/SageMaker
[ -d weights-env ] || { python3 -m venv weights-env && weights-env/bin/pip install --quiet 'huggingface_hub>=0.34,<1'; }
HF_TOKEN=$(aws secretsmanager get-secret-value --region @REGION@ --secret-id '@SECRET@' --query SecretString --output text)
export HF_TOKEN
weights-env/bin/hf download facebook/sam-3d-objects --include 'checkpoints/*' --local-dir download
weights-env/bin/hf download Ruicheng/moge-vitl model.pt --local-dir weights/moge
weights-env/bin/hf download facebook/sam2.1-hiera-large sam2.1_hiera_large.pt --local-dir weights/sam2
ln -sfn ../download/checkpoints weights/sam3d
aws s3 sync weights/ 's3://@BUCKET@/@PREFIX@' --region @REGION@ --exclude '*.cache/*' --only-show-errors
echo "The weights are in s3://@BUCKET@/@PREFIX@; set gen3d:model.enabled to true and run pulumi up."
UPLOAD
chmod +x get-weights.sh upload-weights.sh

# Without a GPU nothing runs the model, and the image can be larger than the memory and disk of a small type.
if ! nvidia-smi -L > /dev/null 2>&1; then
  echo "Ready: run upload-weights.sh. This instance type has no GPU, so one-photo.ipynb is not installed."
  exit 0
fi

# The newest image of the stack's repository.
repository='@REPOSITORY@'
registry=${repository%%/*}
tag=$(aws ecr describe-images --region @REGION@ --repository-name "${repository#*/}" --filter tagStatus=TAGGED \
  --query 'sort_by(imageDetails, &imagePushedAt)[-1].imageTags[0]' --output text) || tag=None
if [ "$tag" = None ]; then
  echo "The repository has no image yet: set gen3d:model.enabled to true, run pulumi up, then run $home/prepare.sh again." >&2
  exit 1
fi
image=$repository:$tag
aws ecr get-login-password --region @REGION@ | docker login --username AWS --password-stdin "$registry"
docker pull --quiet "$image"
docker build --quiet --tag gen3d-notebook - <<DOCKER
FROM $image
RUN pip install --no-cache-dir ipykernel==6.29.5
ENTRYPOINT []
DOCKER
if [ ! -f one-photo.ipynb ]; then
  docker run --rm gen3d-notebook cat /opt/gen3d/one-photo.ipynb | sed 's/"name": "python3"/"name": "gen3d"/' > one-photo.partial
  mv one-photo.partial one-photo.ipynb
fi
kernel=/home/ec2-user/.local/share/jupyter/kernels/gen3d
mkdir -p "$kernel"
cat > "$kernel/kernel.json" <<KERNEL
{
  "display_name": "Gen3D model image",
  "language": "python",
  "interrupt_mode": "message",
  "argv": [
    "docker", "run", "--rm", "--init", "--gpus", "all", "--network", "host", "--ipc", "host", "--user", "$(id -u):$(id -g)",
    "--volume", "/home/ec2-user:/home/ec2-user", "--workdir", "$home", "--env", "HOME=/tmp",
    "--env", "WEIGHTS_DIRECTORY=$home/weights", "gen3d-notebook", "python", "-m", "ipykernel_launcher", "-f", "{connection_file}"
  ]
}
KERNEL
echo "Ready: run get-weights.sh, put a photo.jpg next to one-photo.ipynb and open it."
PREPARE
chmod +x /home/ec2-user/SageMaker/prepare.sh
chown ec2-user:ec2-user /home/ec2-user/SageMaker/prepare.sh
nohup sudo -u ec2-user /home/ec2-user/SageMaker/prepare.sh > /home/ec2-user/SageMaker/prepare.log 2>&1 &
