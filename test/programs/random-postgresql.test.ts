import { testRandomPrograms } from './random.js'

testRandomPrograms('postgresql')
