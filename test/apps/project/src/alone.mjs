// The package without a database or a client, so that a bundle of it shows what itself needs.
import { ConfigurationError, cacheAside, memory } from 'prisma-extension-cache-aside'

try {
  cacheAside({ store: memory() })({ $extends: () => undefined })
} catch (error) {
  console.log(error instanceof ConfigurationError)
}
