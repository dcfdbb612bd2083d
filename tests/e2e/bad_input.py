#!/usr/bin/env python3
"""Bad input: each kind gives an error that names the object, the field and the reason, in status and log."""
import io
import sys
import tarfile

from api import wait_until
from bench import Bench, condition, equal, run_tests


def archive(files, name='bad', version='1.0.0'):
    """A chart archive with the given templates or other files."""
    whole = {'Chart.yaml': f'apiVersion: v2\nname: {name}\nversion: {version}\n', **files}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w:gz') as tar:
        for path, text in whole.items():
            info = tarfile.TarInfo(f'{name}/{path}')
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


def config_map(body):
    return 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n' + body


def expect(place, reason, *words, name='podinfo', seconds=30, storage=None, log=None):
    """Ready is False for this reason, its message has all the words, and so has a log line of the object, unless that
    says it in fewer words."""
    def check():
        release = place.release(name)
        found = release and 'status' in release and condition(release, 'Ready')
        if not found or (found['status'], found['reason']) != ('False', reason):
            return found or 'no condition'
        return all(word in found['message'] for word in words) or found
    wait_until(check, seconds, f'{reason} with {words}')

    log = log or words

    def logged():
        return any(all(word in line.replace('\\"', '"') for word in log)
                   for line in place.log_lines(name)) or place.log_lines(name)[-3:]
    wait_until(logged, 10, f'log line with {log}')
    equal(place.statuses(name), storage or {}, 'storage')


def no_such_chart(bench):
    place = bench.namespace('nochart')
    place.source(file=None, ready=False)
    place.apply()
    expect(place, 'SourceNotReady', f"HelmChart '{place.namespace}/podinfo' is not ready", 'no such chart')


def no_source_object(bench):
    place = bench.namespace('nosource')
    place.apply()
    expect(place, 'ArtifactFailed', 'could not get Source object', 'podinfo', 'not found')


def artifact_missing(bench):
    place = bench.namespace('missing')
    place.source(file='nothing.tgz')
    place.apply()
    expect(place, 'ArtifactFailed', 'artifact not found')


def corrupt_archive(bench):
    place = bench.namespace('corrupt')
    bench.files['corrupt.tgz'] = b'\x1f\x8b' + bytes(range(200))
    place.source(file='corrupt.tgz')
    place.apply()
    expect(place, 'ArtifactFailed', 'Could not load chart', 'gzip', log=['gzip'])


def truncated_archive(bench):
    place = bench.namespace('truncated')
    bench.files['truncated.tgz'] = bench.files['podinfo.tgz'][:5000]
    place.source(file='truncated.tgz')
    place.apply()
    expect(place, 'ArtifactFailed', 'Could not load chart', 'unexpected EOF', log=['unexpected EOF'])


def archive_bomb(bench):
    place = bench.namespace('bomb')
    bench.files['bomb.tgz'] = archive({'values.yaml': ' ' * 200 * 1024 * 1024})
    place.source(file='bomb.tgz')
    place.apply()
    expect(place, 'ArtifactFailed', 'Could not load chart', 'size', log=['size'])


def wrong_digest(bench):
    place = bench.namespace('digest')
    place.source(digest='sha256:' + '0' * 64)
    place.apply()
    expect(place, 'ArtifactFailed', 'integrity failure', '0' * 64)


def invalid_values(bench):
    """Invalid YAML in a ConfigMap that `valuesFrom` names."""
    place = bench.namespace('values')
    place.source()
    bench.api.apply({'apiVersion': 'v1', 'kind': 'ConfigMap', 'data': {'values.yaml': 'a: [1,\nb: }'},
                     'metadata': {'name': 'settings', 'namespace': place.namespace}})
    place.apply(valuesFrom=[{'kind': 'ConfigMap', 'name': 'settings'}])
    expect(place, 'ValuesError', f"ConfigMap chart values reference '{place.namespace}/settings'",
           "with key 'values.yaml'", 'yaml')


def missing_values(bench):
    place = bench.namespace('novalues')
    place.source()
    place.apply(valuesFrom=[{'kind': 'Secret', 'name': 'settings', 'valuesKey': 'x'}])
    expect(place, 'ValuesError', f"Secret chart values reference '{place.namespace}/settings' with key 'x'", 'not found')


def unknown_field(bench):
    """The API server refuses an unknown field at apply: the release is stored as failed."""
    place = bench.namespace('field')
    bench.files['field.tgz'] = archive({'templates/x.yaml': config_map('nonsense: 1\n')})
    place.source(file='field.tgz', revision='1.0.0')
    place.apply()
    expect(place, 'InstallFailed', f'{place.namespace}/podinfo', 'nonsense', storage={1: 'failed'}, log=['nonsense'])


def template_fails(bench):
    place = bench.namespace('template')
    bench.files['template.tgz'] = archive({'templates/x.yaml': config_map('data:\n  a: {{ fail "on purpose" }}\n')})
    place.source(file='template.tgz', revision='1.0.0')
    place.apply()
    expect(place, 'InstallFailed', f'{place.namespace}/podinfo', 'bad/templates/x.yaml:6', 'on purpose',
           log=['bad/templates/x.yaml:6', 'on purpose'])


def required_value(bench):
    place = bench.namespace('required')
    text = config_map('data:\n  a: {{ required "host has to be set" .Values.host }}\n')
    bench.files['required.tgz'] = archive({'templates/x.yaml': text})
    place.source(file='required.tgz', revision='1.0.0')
    place.apply()
    expect(place, 'InstallFailed', 'host has to be set')


def template_syntax(bench):
    place = bench.namespace('syntax')
    bench.files['syntax.tgz'] = archive({'templates/x.yaml': config_map('data:\n  a: {{ if }}\n')})
    place.source(file='syntax.tgz', revision='1.0.0')
    place.apply()
    expect(place, 'InstallFailed', 'x.yaml:6', 'missing value for if')


def endless_template(bench):
    """A template without end meets the engine's budget."""
    place = bench.namespace('endless')
    text = '{{ define "a" }}{{ range until 100000 }}{{ range until 100000 }}x{{ end }}{{ end }}{{ end }}{{ include "a" . }}'
    bench.files['endless.tgz'] = archive({'templates/x.yaml': text})
    place.source(file='endless.tgz', revision='1.0.0')
    place.apply()
    expect(place, 'InstallFailed', 'x.yaml', seconds=60)


def invalid_manifest(bench):
    place = bench.namespace('manifest')
    bench.files['manifest.tgz'] = archive({'templates/x.yaml': 'a: [1,\nb: }\n'})
    place.source(file='manifest.tgz', revision='1.0.0')
    place.apply()
    expect(place, 'InstallFailed', 'x.yaml', 'YAML')


def kind_not_installed(bench):
    """A custom resource whose definition is missing."""
    place = bench.namespace('kind')
    text = 'apiVersion: nowhere.example.com/v1\nkind: Widget\nmetadata:\n  name: x\n'
    bench.files['kind.tgz'] = archive({'templates/x.yaml': text})
    place.source(file='kind.tgz', revision='1.0.0')
    place.apply()
    expect(place, 'InstallFailed', 'no matches for kind "Widget"', 'nowhere.example.com/v1')


def refused_by_server(bench):
    """An object that the API server refuses: the message names the field."""
    place = bench.namespace('refused')
    text = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: x\nspec:\n  ports:\n  - port: 99999\n'
    bench.files['refused.tgz'] = archive({'templates/x.yaml': text})
    place.source(file='refused.tgz', revision='1.0.0')
    place.apply()
    expect(place, 'InstallFailed', 'spec.ports[0].port', '99999', storage={1: 'failed'})


def forbidden(bench):
    """A service account without rights."""
    place = bench.namespace('forbidden')
    place.source()
    bench.api.apply({'apiVersion': 'v1', 'kind': 'ServiceAccount',
                     'metadata': {'name': 'weak', 'namespace': place.namespace}})
    place.apply(serviceAccountName='weak')
    user = f'User "system:serviceaccount:{place.namespace}:weak" cannot'
    expect(place, 'StateError', 'secrets is forbidden', user)


def unknown_spec_field(bench):
    """The API server itself refuses objects that do not fit the definition."""
    place = bench.namespace('spec')
    try:
        place.apply(interval='often')
    except Exception as error:
        assert 'spec.interval' in str(error), error
    else:
        raise AssertionError('an invalid interval was accepted')


def missing_kubeconfig(bench):
    place = bench.namespace('remote')
    place.source()
    place.apply(kubeConfig={'secretRef': {'name': 'nowhere'}})
    expect(place, 'RESTClientError', f"KubeConfig secret '{place.namespace}/nowhere'", 'not found')


def unsupported_provider(bench):
    """Tokens of a cloud are not supported: the message names the field and the provider."""
    place = bench.namespace('cloud')
    place.source()
    bench.api.apply({'apiVersion': 'v1', 'kind': 'ConfigMap', 'data': {'provider': 'aws', 'cluster': 'x'},
                     'metadata': {'name': 'cluster', 'namespace': place.namespace}})
    place.apply(kubeConfig={'configMapRef': {'name': 'cluster'}})
    expect(place, 'RESTClientError', 'spec.kubeConfig.configMapRef', "provider 'aws'", 'not supported')


TESTS = [no_such_chart, no_source_object, artifact_missing, corrupt_archive, truncated_archive, archive_bomb, wrong_digest,
         invalid_values, missing_values, unknown_field, template_fails, required_value, template_syntax,
         endless_template, invalid_manifest, kind_not_installed, refused_by_server, forbidden, unknown_spec_field,
         missing_kubeconfig, unsupported_provider]


def main(names):
    with Bench('bad') as bench:
        bench.operator.start()
        return run_tests(bench, [test for test in TESTS if not names or test.__name__ in names])


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
